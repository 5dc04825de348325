"""The shape of the code: layers, sizes, names, and who may touch what."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "distilforensics"
MODULES = sorted(PACKAGE.rglob("*.py"))
HEAVY = {"duckdb", "jinja2", "numpy", "polars", "pyarrow", "rich"}
STAGES = {"ingest", "assessment", "report", "simulate", "evaluation"}


def name_of(path):
    """Path inside of the package."""
    return path.relative_to(PACKAGE).as_posix()


def tree_of(path):
    """Parsed module."""
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(nodes):
    """Full names of the modules that import statements name."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def run_time_nodes(path):
    """Statements that run when a module is imported, without those for type checkers only."""
    for node in tree_of(path).body:
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        yield from ast.walk(node) if isinstance(node, ast.If | ast.Try) else [node]


def test_imports_point_down():
    """The import-linter contract of pyproject.toml holds."""
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert 0 == done.returncode, done.stdout


def test_stages_do_not_know_each_other():
    """Also not inside of functions, where a static graph may not look."""
    crossings = []
    for path in MODULES:
        stage = name_of(path).split("/")[0]
        for module in imported(ast.walk(tree_of(path))):
            parts = module.split(".")
            if stage in STAGES and parts[0] == "distilforensics" and len(parts) > 1 and parts[1] in STAGES - {stage}:
                crossings.append(f"{name_of(path)} imports {module}")

    assert [] == crossings


def modules_imported(path, names):
    """Modules of the package that one names anywhere: at the top, for type checkers alone, inside of functions."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from ({f"{node.module}.{alias.name}", node.module} & names for alias in node.names)


def test_no_module_imports_itself_over_others():
    """Neither for types nor inside of functions: who reads a module finds what it needs below it."""
    paths = {
        f"distilforensics.{name_of(path)[:-3].replace('/', '.')}".removesuffix(".__init__"): path for path in MODULES
    }
    # A package that is named with a module of it is no import of all that the package collects.
    needs = {
        name: {max(found, key=len) for found in modules_imported(path, paths.keys()) if found} - {name}
        for name, path in paths.items()
    }
    while free := [name for name, others in needs.items() if not others & needs.keys()]:
        for name in free:
            del needs[name]

    assert [] == sorted(needs)


def test_the_command_line_imports_nothing_heavy_at_module_level():
    """Heavy libraries, and our own modules that need them."""
    found = {
        name_of(path): names
        for path in (PACKAGE / "cli").rglob("*.py")
        if (names := {module for module in imported(run_time_nodes(path)) if module.split(".")[0] in HEAVY})
    }

    assert {} == found


def test_the_engine_is_opened_in_known_places_only():
    """One for the analysis; the readers of the ingest have connections of their own, which never see a case."""
    opening = {name_of(path) for path in MODULES if "duckdb.connect(" in path.read_text(encoding="utf-8")}

    assert {"case/engines/duckdb.py"} == {name for name in opening if not name.startswith("ingest/")}


def test_nothing_reaches_for_the_network():
    """No module imports a library that talks to other machines."""
    talking = {"http", "urllib.request", "requests", "httpx", "aiohttp", "ftplib", "smtplib", "urllib3"}
    found = [name_of(path) for path in MODULES if talking & set(imported(ast.walk(tree_of(path))))]

    assert [] == found


def test_modules_have_at_most_500_lines():
    """Longer ones hold more than one idea."""
    long = {name_of(path): n for path in MODULES if (n := len(path.read_text(encoding="utf-8").splitlines())) > 500}

    assert long == {}


def test_functions_have_at_most_50_lines_without_their_docstring():
    """Longer ones do more than one thing."""
    long = []
    for path in MODULES:
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                first = node.body[1].lineno if ast.get_docstring(node) and len(node.body) > 1 else node.lineno
                if node.end_lineno - first >= 50:
                    long.append(f"{name_of(path)}:{node.lineno} {node.name}")

    assert [] == long


@pytest.mark.parametrize("name", ["utils", "helpers", "common", "misc", "manager"])
def test_no_module_is_named_after_nothing(name):
    """A name says what is inside."""
    assert [] == [name_of(path) for path in MODULES if path.stem == name]


def test_errors_are_caught_by_name_outside_of_diagnostics():
    """`except Exception` would hide faults."""
    broad = [
        f"{name_of(path)}:{node.lineno}"
        for path in MODULES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id == "Exception"))
    ]

    assert all(place.startswith("cli/diagnostics.py") for place in broad)
    assert 1 == len(broad)


def test_no_wall_clock_outside_of_run_and_custody_records():
    """Everything else has to be the same tomorrow."""
    clocks = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("time", "time")}
    found = {
        name_of(path)
        for path in MODULES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and (node.value.id, node.attr) in clocks
    }

    assert found <= {"case/chain.py", "audit/audit.py"}


def test_every_test_has_a_name_and_a_docstring():
    """A test says what it holds the program to."""
    bare = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and not ast.get_docstring(node)
    ]

    assert [] == bare
