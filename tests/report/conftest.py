"""Invented cases and their rendered reports, built once per session."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import html5lib
import pytest

from distilforensics.core.progress import Silent
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

    def all(self, path: str) -> list[ET.Element]:
        """Return the elements at a path."""
        return self.tree.findall(path)

    def text(self, anchor: str | None = None) -> str:
        """Return the words of the report or of the element with an id, with single blanks."""
        root = self.tree if anchor is None else self.tree.find(f".//*[@id='{anchor}']")
        return " ".join(" ".join(root.itertext()).split())


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
    """A log in which no group meets the conditions of a campaign."""
    return render(has_campaigns=False)


@pytest.fixture(scope="session")
def bare(render):
    """A log without any text of prompts and responses."""
    return render(has_texts=False)


@pytest.fixture(scope="session")
def rated(render):
    """A log with measured error rates and a benign reference."""
    return render(has_rates=True)


@pytest.fixture(params=["full", "quiet", "bare", "rated"])
def any_report(request):
    """Each of the three reports in turn."""
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="session")
def outline():
    """Return the function that reduces a report to its skeleton."""
    return load("outline").outline
