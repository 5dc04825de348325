"""Every benign explanation on its cases: where it stands, where it stands in part, where the numbers speak against it."""

from __future__ import annotations

import importlib.resources
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from distilforensics.analysis.heuristics.testing import create_tables, scratch_connection
from distilforensics.assessment.confounding import Check, check_confounders, load_confounders, with_heuristics
from distilforensics.core.errors import HeuristicError

if TYPE_CHECKING:
    import duckdb

FOLDER = importlib.resources.files("distilforensics.assessment") / "confounders"
EXCHANGES = """
create temp table candidate_exchanges as
select 'candidate-1' as candidate_id, e.record_id, e.account_id, e.started_at
from exchange_features as e
semi join candidate_members as m on m.account_id = e.account_id
where not exists (from candidate_templates)
    or e.system_template in (select template_id from candidate_templates)
    or e.prefix_template in (select template_id from candidate_templates)
    or e.near_template in (select template_id from candidate_templates)
"""


def cases() -> list[tuple[str, dict[str, Any]]]:
    """Return the id of the explanation and the case, for every case beside the files."""
    found = []
    for file in load_confounders():
        text = (FOLDER / f"{file.name}.cases.yaml").read_text(encoding="utf-8")
        found += [(file.header["id"], case) for case in yaml.safe_load(text)]
    return found


def create_candidate(connection: duckdb.DuckDBPyConnection, case: dict[str, Any]) -> None:
    """Make the accounts numbered `from` to `to` the members of one candidate with the case's templates."""
    members = [f"acct_{number}" for number in range(case["members"]["from"], case["members"]["to"] + 1)]
    for table, column, values in (
        ("candidate_members", "account_id", members),
        ("candidate_templates", "template_id", case.get("templates", [])),
    ):
        connection.execute(
            f"create temp table {table} as select 'candidate-1' as candidate_id, unnest($1::varchar[]) as {column}",
            [values],
        )
    connection.execute(EXCHANGES)


@pytest.mark.parametrize(
    ("confounder", "case"), cases(), ids=lambda value: value if isinstance(value, str) else value["name"]
)
def test_every_case_of_every_benign_explanation(confounder: str, case: dict[str, Any]) -> None:
    """The verdict and the numbers are those that the case states."""
    with scratch_connection() as connection:
        create_tables(connection, case["given"])
        create_candidate(connection, case)
        checks = {check.confounder_id: check for check in check_confounders(connection, ["candidate-1"])["candidate-1"]}

    found = checks[confounder]
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


def test_an_explanation_falls_where_a_heuristic_fired_that_it_cannot_produce() -> None:
    """People do not repeat each other's refused calls; a vendor's program buys long answers, and does not ask for reasoning."""
    held = Check("confounder.class", "t", 2, "applies", 1.0, 0.7, 900, 30, "People of one place.")
    vendor = Check("confounder.vendor", "t", 7, "partly", 1.0, 0.9, 900, 30, "Customers of one vendor.")
    equal = {"coordination.equal_load": "coordination"}
    failover = equal | {"coordination.failover_reissue": "coordination"}
    elicited = equal | {"harvest.cot_elicitation": "harvest"}
    long_answers = equal | {"harvest.output_harvest_ratio": "harvest"}

    assert [held, vendor] == with_heuristics([held, vendor], equal)
    assert ["rebutted", "rebutted"] == [check.verdict for check in with_heuristics([held, vendor], failover)]
    assert ["applies", "rebutted"] == [check.verdict for check in with_heuristics([held, vendor], elicited)]
    assert [held, vendor] == with_heuristics([held, vendor], long_answers)
    assert "coordination.failover_reissue" in with_heuristics([held], failover)[0].statement


@pytest.mark.parametrize(
    ("confounder", "heuristic"),
    [
        ("confounder.product_default", "coordination.baton_pass"),
        ("confounder.product_default", "infrastructure.shared_payment"),
        ("confounder.class", "coordination.rotation"),
        ("confounder.vendor", "infrastructure.signup_burst"),
    ],
)
def test_what_an_explanation_cannot_produce_is_named_in_its_file(confounder: str, heuristic: str) -> None:
    """Independent customers of one product neither relieve each other nor pay with one card."""
    held = Check(confounder, "t", 8, "applies", 1.0, 0.7, 900, 30, "It accounts for it.")

    assert ["rebutted"] == [check.verdict for check in with_heuristics([held], {heuristic: heuristic.split(".")[0]})]
    assert [held] == with_heuristics([held], {"coordination.synchrony": "coordination"})


def test_an_explanation_that_names_an_unknown_heuristic_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would never be rebutted by it, and nobody would notice."""
    files = load_confounders()
    files[0].header["rebutted_by"] = ["coordination.baton_pas"]
    monkeypatch.setattr("distilforensics.assessment.confounding.read_folder", lambda folder: files)

    with pytest.raises(HeuristicError, match="which is no heuristic and no family"):
        load_confounders()
