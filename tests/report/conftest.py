"""Invented cases and their rendered reports, built once per session."""

from __future__ import annotations

import csv
import importlib.util
import os
import shutil
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import html5lib
import pytest

from distilforensics.case.layout import open_case
from distilforensics.core.progress import Silent
from distilforensics.report.catalogue import catalogue_folder
from distilforensics.report.stage import render_report

if TYPE_CHECKING:
    from types import ModuleType
    from xml.etree import ElementTree as ET

FIXTURE = Path(__file__).parent / "fixture"


def load(name: str) -> ModuleType:
    """Import a module of the fixture folder."""
    full = f"report_fixture_{name}"
    if full not in sys.modules:
        spec = importlib.util.spec_from_file_location(full, FIXTURE / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        sys.modules[full] = module
        spec.loader.exec_module(module)
    return sys.modules[full]


class Rendered:
    """A case with its report, as text and as a tree."""

    def __init__(self, case: Any, catalogue: Path) -> None:
        self.case = case
        self.catalogue = catalogue
        self.outcome = render_report(case, load("invented").LIMITS, Silent(), catalogue)
        self.html = (case.report / "report.html").read_text(encoding="utf-8")
        self.tree = html5lib.parse(self.html, treebuilder="etree", namespaceHTMLElements=False)

    def annex(self, name: str) -> ET.Element:
        """Return a readable annex as a tree."""
        text = (self.case.report / "annexes" / name).read_text(encoding="utf-8")
        return html5lib.parse(text, treebuilder="etree", namespaceHTMLElements=False)

    def rows(self, name: str) -> list[dict[str, str]]:
        """Return the rows of a CSV annex."""
        with (self.case.report / "annexes" / name).open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))

    def recompute(self) -> list[tuple[Any, ...]]:
        """Run recompute.sql in stock DuckDB in the folder of the case and return name, shown, stated, recomputed and result of numbers and of checks."""
        script = (self.case.report / "recompute.sql").read_text(encoding="utf-8")
        return run_sql(self.case.root, script)[-3]

    def all(self, path: str) -> list[ET.Element]:
        """Return the elements at a path."""
        return self.tree.findall(path)

    def text(self, anchor: str | None = None) -> str:
        """Return the words of the report or of the element with an id, with single blanks."""
        root = self.tree if anchor is None else self.tree.find(f".//*[@id='{anchor}']")
        return " ".join(" ".join(root.itertext()).split())


def run_sql(folder: Path, script: str) -> list[list[tuple[Any, ...]]]:
    """Run a script in stock DuckDB, started in a folder, and return the rows of each statement that returns some."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        with duckdb.connect() as connection:
            return [connection.execute(statement).fetchall() for statement in connection.extract_statements(script)]
    finally:
        os.chdir(before)


@pytest.fixture(scope="session")
def sample(sample_case, tmp_path_factory):
    """Return a function that gives the rendered report of a sample log: a copy of the case that all tests share."""
    folder = tmp_path_factory.mktemp("sample")

    @cache
    def copied(name: str) -> Rendered:
        return Rendered(open_case(Path(shutil.copytree(sample_case(name), folder / name))), catalogue_folder())

    return copied


@pytest.fixture(scope="session")
def render(tmp_path_factory):
    """Return a function that builds an invented case and renders its report."""
    invented, log = load("invented"), load("log")
    catalogue = tmp_path_factory.mktemp("catalogue")
    hashes = invented.write_catalogue(catalogue)

    def build(**plan: Any) -> Rendered:
        root = tmp_path_factory.mktemp("case") / "case"
        case = invented.build_case(root, invented.Plan(plan.pop("log", log), catalogue=hashes, **plan))
        return Rendered(case, catalogue)

    return build


@pytest.fixture(scope="session")
def full(render):
    """A log with a strong and a weak campaign."""
    return render()


@pytest.fixture(scope="session")
def quiet(render):
    """A log in which no group meets the conditions of a campaign, and none is run as one."""
    return render(has_campaigns=False, has_one_operator=False)


@pytest.fixture(scope="session")
def unknown(render):
    """A log without campaign in which one group is run as one, and may be one customer's."""
    return render(has_campaigns=False)


@pytest.fixture(scope="session")
def bare(render):
    """A log without any text of prompts and responses."""
    return render(has_texts=False)


@pytest.fixture(scope="session")
def rated(render):
    """A log with measured error rates and a benign reference."""
    return render(has_rates=True)


@pytest.fixture(params=["full", "quiet", "unknown", "bare", "rated"])
def any_report(request):
    """Each of the reports in turn."""
    return request.getfixturevalue(request.param)
