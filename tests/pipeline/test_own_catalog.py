"""A catalogue of the user's own with a format and an explanation: checked, tried, put into the case, used, and known there without a path."""

from __future__ import annotations

import json
import shutil
from importlib import resources
from typing import TYPE_CHECKING, Any

import pytest

from distilforensics.cli.diagnostics import run_cli
from distilforensics.core.errors import HeuristicError, UsageError
from distilforensics.ingest.formats.specification import load_formats, use_own_formats
from distilforensics.pipeline.own_catalog import own_issues

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FORMAT = """\
version = 1
title = "House gateway"
gateway = "house"
account = "the caller"
tenant = "none"
missing = ["texts"]

[detection]
keys_all = ["zeit", "anrufer", "engine"]

[columns]
started_at = "zeit"
account_id = "anrufer"
model_requested = "engine"
output_tokens = "wortzahl"
"""
RECORDS = [
    {"zeit": f"2026-03-02T10:00:{n:02d}Z", "anrufer": f"u-{n}", "engine": "m-1", "wortzahl": 10 + n} for n in range(3)
]


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Return a function that writes a catalogue with a format and an explanation; files can be replaced."""

    def write(**replaced: str) -> Path:
        root = tmp_path / "own house"
        folder = root / "formats" / "house_gateway"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "format.toml").write_text(replaced.get("format", FORMAT), encoding="utf-8")
        lines = "".join(json.dumps(record) + "\n" for record in RECORDS)
        (folder / "sample.jsonl").write_text(lines, encoding="utf-8")
        (folder / "expected.jsonl").write_text(replaced.get("expected", ""), encoding="utf-8")
        source = resources.files("distilforensics.assessment") / "confounders"
        text = (
            (source / "vendor.sql").read_text(encoding="utf-8").replace("confounder.vendor", "confounder.house_vendor")
        )
        target = root / "explanations"
        target.mkdir(exist_ok=True)
        (target / "house_vendor.sql").write_text(replaced.get("explanation", text), encoding="utf-8")
        cases = (source / "vendor.cases.yaml").read_text(encoding="utf-8")
        (target / "house_vendor.cases.yaml").write_text(replaced.get("cases", cases), encoding="utf-8")
        return root

    yield write
    use_own_formats(None)


def expected(root: Path) -> str:
    """Return the rows of the sample as the program reads them."""
    from distilforensics.ingest.examples import ExampleReader, expected_text

    reader = ExampleReader(root)
    try:
        return expected_text(load_formats()["house_gateway"].examples[0], reader)
    finally:
        reader.close()


def found(root: Path) -> list[tuple[str, str]]:
    """Return the issues of a catalogue."""
    return list(own_issues(root))


def test_a_sound_catalogue_has_no_issue_and_its_rows_are_right(catalog: Callable[..., Path]) -> None:
    """The sample is read without any option, by the format alone."""
    rows = [json.loads(line) for line in expected(catalog()).splitlines()]
    assert [(row["account_id"], row["output_tokens"], row["gateway"]) for row in rows] == [
        ("u-0", 10, "house"),
        ("u-1", 11, "house"),
        ("u-2", 12, "house"),
    ]
    assert found(catalog(expected=expected(catalog()))) == []


def test_a_format_that_gives_other_rows_is_refused(catalog: Callable[..., Path]) -> None:
    """Tokens from the field of the caller, say."""
    right = expected(catalog())
    swapped = FORMAT.replace('output_tokens = "wortzahl"', 'output_tokens = "zeit"')
    issues = found(catalog(format=swapped, expected=right))
    assert {name for name, _ in issues} == {"house_gateway"}
    assert any("output_tokens is None, expected 10" in message for _, message in issues)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "version = 1\n"}, "lacks the key"),
        ({"format": FORMAT.replace("title", "heading")}, "unknown key"),
    ],
)
def test_a_format_that_cannot_be_loaded_is_named(
    catalog: Callable[..., Path], change: dict[str, str], message: str
) -> None:
    """With its file."""
    ((where, text),) = [issue for issue in found(catalog(**change)) if "vendor" not in issue[0]]
    assert message in text
    assert where == "house_gateway/format.toml"


def test_an_id_of_the_program_is_taken(catalog: Callable[..., Path]) -> None:
    """Nobody can replace a built-in format in silence."""
    root = catalog()
    shutil.move(root / "formats" / "house_gateway", root / "formats" / "newapi")
    with pytest.raises(UsageError, match="id is taken"):
        use_own_formats(root)


QUERY = (resources.files("distilforensics.assessment") / "confounders" / "vendor.sql").read_text(encoding="utf-8")
OWN = QUERY.replace("confounder.vendor", "confounder.house_vendor")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"explanation": QUERY}, "expected confounder.house_vendor"),
        (
            {
                "explanation": OWN.replace(
                    "then 'partly' when not is_partly then 'rebutted'",
                    "then 'rebutted' when not is_partly then 'partly'",
                )
            },
            "expected 'partly'",
        ),
        (
            {"explanation": OWN.replace("from candidate_exchanges group", "from read_parquet('/etc/x') group")},
            "read_parquet is not allowed",
        ),
        (
            {"explanation": OWN.replace("coalesce(t.n_exchanges, 0)", "coalesce(t.n_exchanges, random()::bigint)")},
            "random() is not allowed",
        ),
        (
            {"explanation": OWN.replace('= "popular_share"', '= { default = 0.2, unit = "share", warum = "x" }')},
            "lacks unit or why",
        ),
        ({"cases": "[]"}, "not both sides"),
        ({"cases": "- name: x\n"}, "no list of cases"),
    ],
)
def test_an_explanation_that_breaks_a_rule_is_refused(
    catalog: Callable[..., Path], change: dict[str, str], message: str
) -> None:
    """By what is wrong with it."""
    right = expected(catalog())
    issues = [text for name, text in found(catalog(expected=right, **change)) if "vendor" in name]
    assert any(message in text for text in issues), issues


def test_a_run_uses_both_and_the_case_says_so_without_a_path(
    catalog: Callable[..., Path], tmp_path: Path, capsys: Any
) -> None:
    """Copied, so that the case is complete when the folder is gone; the next run needs no option."""
    root = catalog(expected=expected(catalog()))
    log, case = tmp_path / "calls.jsonl", tmp_path / "case"
    log.write_text("".join(json.dumps(record) + "\n" for record in RECORDS), encoding="utf-8")
    assert run_cli(["run", "-q", str(log), "--case", str(case), "--catalog", str(root)]) == 0
    shutil.rmtree(root)
    capsys.readouterr()
    assert (
        run_cli(["sql", str(case), "select distinct source_format, count(*) from exchanges group by 1", "--json"]) == 0
    )
    assert "house_gateway/1" in capsys.readouterr().out
    assert json.loads((case / "catalog" / "catalog.json").read_bytes())["name"] == "own house"
    records = {path.name: path.read_text(encoding="utf-8") for path in sorted((case / "stages").glob("*.json"))}
    assert "confounder.house_vendor" in records["assessment.json"]
    assert not any(str(root) in text for text in records.values())
    assert (case / "report" / "annexes" / "queries" / "explanations" / "house_vendor.sql").is_file()
    method = (case / "report" / "annexes" / "method.json").read_text(encoding="utf-8")
    assert "confounder.house_vendor" in method
    assert run_cli(["run", str(log), "--case", str(case)]) == 0
    assert "Nothing has changed" in capsys.readouterr().err


def test_a_run_refuses_a_catalogue_that_fails_its_own_cases(catalog: Callable[..., Path], tmp_path: Path) -> None:
    """With exit code 4, and nothing of it is put into the case."""
    log, case = tmp_path / "calls.jsonl", tmp_path / "case"
    log.write_text(json.dumps(RECORDS[0]) + "\n", encoding="utf-8")
    assert run_cli(["run", "-q", str(log), "--case", str(case), "--catalog", str(catalog())]) == 4
    assert not (case / "catalog").exists()


def test_the_verbs_know_the_catalogue(catalog: Callable[..., Path], capsys: Any) -> None:
    """List and test for formats, lint for all of it."""
    root = str(catalog(expected=expected(catalog())))
    assert run_cli(["formats", "list", "--catalog", root]) == 0
    assert "house_gateway" in capsys.readouterr().out
    assert run_cli(["formats", "test", "house_gateway", "--catalog", root]) == 0
    assert run_cli(["heuristics", "lint", "structure", "--catalog", root]) == 0
    log = catalog() / "formats" / "house_gateway" / "sample.jsonl"
    capsys.readouterr()
    assert run_cli(["inspect", str(log), "--catalog", root, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["format"] == "house_gateway/1"
    catalog(expected="{}\n")
    assert run_cli(["formats", "test", "house_gateway", "--catalog", root]) == 4
    assert run_cli(["heuristics", "lint", "structure", "--catalog", root]) == 4
    assert "house_gateway" in capsys.readouterr().out


def test_own_formats_leave_with_the_catalogue(catalog: Callable[..., Path]) -> None:
    """Another case of the same process does not know them."""
    use_own_formats(catalog())
    assert "house_gateway" in load_formats()
    use_own_formats(None)
    assert "house_gateway" not in load_formats()


def test_a_catalogue_without_anything_is_an_error(tmp_path: Path) -> None:
    """A mistyped folder is not taken for an empty catalogue."""
    from distilforensics.analysis.heuristics.loader import load_catalog

    with pytest.raises(HeuristicError, match="holds no heuristic, format or explanation"):
        load_catalog(own=tmp_path)
