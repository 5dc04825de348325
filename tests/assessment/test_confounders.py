"""Every benign explanation on its cases: where it stands, where it stands in part, where the numbers speak against it."""

from __future__ import annotations

import importlib.resources
from typing import Any

import pytest

from distilforensics.assessment.confounding import load_confounders
from distilforensics.assessment.own_explanations import answer_of, read_cases

FOLDER = importlib.resources.files("distilforensics.assessment") / "confounders"


def cases() -> list[tuple[str, dict[str, Any]]]:
    """Return the id of the explanation and the case, for every case beside the files."""
    found = []
    for file in load_confounders():
        found += [(file.header["id"], case) for case in read_cases(FOLDER / f"{file.name}.cases.yaml")]
    return found


@pytest.mark.parametrize(
    ("confounder", "case"), cases(), ids=lambda value: value if isinstance(value, str) else value["name"]
)
def test_every_case_of_every_benign_explanation(confounder: str, case: dict[str, Any]) -> None:
    """The verdict and the numbers are those that the case states."""
    found = answer_of(case, confounder)
    assert case["expect"] == {key: getattr(found, key) for key in case["expect"]}, found.statement
    assert found.statement.endswith(".")
    assert "NULL" not in found.statement
    assert "nan" not in found.statement.split()


@pytest.mark.parametrize("file", load_confounders(), ids=lambda file: file.name)
def test_every_explanation_is_described_and_tried_on_both_sides(file: Any) -> None:
    """Parameters have unit and reason; some case lets it stand, and some case speaks against it."""
    verdicts = {case["expect"]["verdict"] for confounder, case in cases() if confounder == file.header["id"]}

    assert f"confounder.{file.name}" == file.header["id"]
    assert "rebutted" in verdicts
    assert verdicts & {"applies", "partly"}
    assert all(entry["unit"] and entry["why"] for entry in file.header["params"].values())
    assert file.header["question"].endswith("?")
