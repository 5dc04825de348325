"""A catalogue of the user's own: read, checked and tried like the built-in one, and known in the case by name and hash."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from distilforensics.analysis.catalogue.document import HEADINGS
from distilforensics.analysis.catalogue.lint import lint_catalog
from distilforensics.analysis.catalogue.loader import load_catalog
from distilforensics.analysis.catalogue.own import catalog_identity, put_catalog
from distilforensics.analysis.catalogue.testing import run_cases
from distilforensics.analysis.heuristics.stage import scan
from distilforensics.case.engines.duckdb import Limits
from distilforensics.case.tables import read_rows
from distilforensics.core.errors import HeuristicError
from distilforensics.core.progress import Silent
from tests.analysis.heuristics.conftest import BODY, HEADER, toml

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from distilforensics.case.layout import Case

CASES = """\
- name: a group of fifty
  kind: fires
  given: {exchange_features: [{repeat: 50, accounts: 10, prefix_template: "prefix:f"}]}
  expect: [{entity_id: "prefix:f", is_fired: true}]
- name: one less
  kind: below
  given: {exchange_features: [{repeat: 49, accounts: 10, prefix_template: "prefix:f"}]}
  expect: [{entity_id: "prefix:f", is_fired: false}]
- name: nothing in common
  kind: benign
  given: {exchange_features: [{repeat: 50, accounts: 10}]}
  expect_none_fired: true
"""


@pytest.fixture
def own(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a catalogue with one heuristic."""

    def write(body: str = BODY, **changes: Any) -> Path:
        root = tmp_path / "examples"
        folder = root / "heuristics" / "structure"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "example.sql").write_text(f"/*---\n{toml(HEADER | changes)}\n---*/\n{body}\n", encoding="utf-8")
        (folder / "example.cases.yaml").write_text(CASES, encoding="utf-8")
        text = "# An example\n\n" + "\n".join(f"## {heading}\nText.\n" for heading in HEADINGS)
        (folder / "example.md").write_text(text, encoding="utf-8")
        return root

    return write


def test_own_heuristics_are_read_checked_and_tried(own: Callable[..., Path]) -> None:
    """The lock knows the built-in ones alone; all other rules hold."""
    folder = own()
    builtin = {heuristic.id for heuristic in load_catalog()}

    assert {"structure.example"} == {heuristic.id for heuristic in load_catalog(own=folder)} - builtin
    assert [] == lint_catalog(own=folder)
    assert [("a group of fifty", True), ("one less", True), ("nothing in common", True)] == [
        (result.name, result.is_passed) for result in run_cases(own=folder)
    ]


@pytest.mark.parametrize(
    ("body", "changes", "message"),
    [
        (BODY, {"code": "K1"}, "K1 is taken"),
        (BODY.replace("from groups", "from read_parquet('/etc/x')"), {"reads": []}, "table function read_parquet"),
        (BODY.replace("n_exchanges::double as value", "random() as value"), {}, r"random\(\) is not allowed"),
    ],
)
def test_what_the_linter_refuses_is_not_put_into_a_case(
    own: Callable[..., Path], make_case: Callable[..., Case], body: str, changes: dict[str, Any], message: str
) -> None:
    """The case keeps what it had."""
    case = make_case("case", {})
    with pytest.raises(HeuristicError, match=message):
        put_catalog(case, own(body, **changes))

    assert not case.catalog.exists()


def test_a_case_runs_them_and_says_so_without_a_path(own: Callable[..., Path], make_case: Callable[..., Case]) -> None:
    """Copied into the case, so that it stays complete when the folder is gone."""
    rows = {"repeat": 50, "accounts": 10}
    case = make_case("case", {"exchange_features": [rows | {"prefix_template": "prefix:f"}], "exchanges": [rows]})
    folder = own()
    put_catalog(case, folder)
    identity = catalog_identity(case.catalog)
    (folder / "heuristics" / "structure" / "example.sql").unlink()
    scan(case, Limits(500_000_000, 1), Silent(), only=["structure.example"])
    record = json.loads((case.stages / "heuristics.json").read_bytes())

    assert [("structure.example", "fired")] == [
        (row["heuristic_id"], row["state"]) for row in read_rows(case, "heuristic_states")
    ]
    assert "examples" == identity["name"]
    assert identity | {"heuristics": ["structure.example"]} == record["parameters"]["own catalogue"]
    assert str(folder) not in json.dumps(record)
