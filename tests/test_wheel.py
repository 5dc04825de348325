"""What is built is what was tested: the wheel holds every data file, and the pinned set holds every dependency."""

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).parents[1]
DATA = {".sql", ".yaml", ".md", ".j2", ".toml", ".json", ".css"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A freshly built wheel: the names of its files and its size."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    path = next(folder.glob("*.whl"))
    with zipfile.ZipFile(path) as archive:
        return SimpleNamespace(names=set(archive.namelist()), n_bytes=path.stat().st_size)


def test_the_wheel_holds_every_file_of_the_package(wheel):
    """Queries, cases, documents, templates and word lists included."""
    files = [
        path for path in (ROOT / "distilforensics").rglob("*") if path.is_file() and "__pycache__" not in path.parts
    ]
    expected = {path.relative_to(ROOT).as_posix() for path in files}

    assert set() == expected - wheel.names
    assert {".sql", ".yaml", ".md", ".j2", ".toml"} <= {Path(name).suffix for name in wheel.names} & DATA


def test_the_wheel_holds_nothing_else(wheel):
    """No tests, no logs, no caches."""
    assert {"distilforensics", "distilforensics-0.1.0.dist-info"} == {name.split("/")[0] for name in wheel.names}


def test_the_wheel_is_small(wheel):
    """Sample logs, fixtures and tools stay in the repository."""
    assert 1_600_000 > wheel.n_bytes


def pinned(name):
    """Return package -> versions of a constraints file."""
    found = {}
    for match in re.finditer(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", (ROOT / name).read_text(), re.MULTILINE):
        found.setdefault(match[1].lower(), set()).add(match[2])
    return found


def names_of(requirements):
    """Return the package names in requirement lines."""
    return {re.split(r"[^A-Za-z0-9._-]", line, maxsplit=1)[0].lower() for line in requirements}


def test_every_dependency_is_pinned_with_hashes():
    """Run time in one file, tests and lint on top of it in the other."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    runtime, development = pinned("constraints.txt"), pinned("constraints-dev.txt")

    assert names_of(project["dependencies"]) <= runtime.keys()
    assert names_of(line for extra in project["optional-dependencies"].values() for line in extra) <= development.keys()
    assert runtime.items() <= development.items()


@pytest.mark.parametrize("name", ["constraints.txt", "constraints-dev.txt"])
def test_the_pinned_set_names_no_address(name):
    """It installs from wherever the reader's pip looks; every package has hashes."""
    text = (ROOT / name).read_text()
    packages = text.split("\n\n") if "\n\n" in text else re.split(r"\n(?=[A-Za-z])", text)

    assert not re.search(r"https?:|file:|--(extra-)?index|--find-links|@", text)
    assert all("--hash=sha256:" in package for package in packages if package.strip())
