"""Sets of groups among those of a reference: what a set is, what counts, which references are refused, what is claimed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from distilforensics.assessment.calibration import reference_json
from distilforensics.assessment.stage import assess
from distilforensics.case.engines.duckdb import Limits
from distilforensics.case.layout import write_json
from distilforensics.case.tables import read_rows
from distilforensics.core.errors import UsageError
from distilforensics.core.progress import Silent

if TYPE_CHECKING:
    from collections.abc import Callable

    from distilforensics.case.layout import Case

    Names = Callable[[str, int], list[str]]

LIMITS = Limits(500_000_000, 2)
FULL = (
    "coordination.equal_load", "coordination.rotation", "structure.template_span", "structure.coverage_growth",
    "infrastructure.signup_burst", "infrastructure.link_graph",
)  # fmt: skip
"""What fires on the pool's frame: two heuristics of each of three families."""


def plant_pool(planted: Any, accounts: list[str], **values: Any) -> None:
    """Plant a pool that hands refused calls over and pays in fours, so that it is a campaign."""
    planted.pool(accounts, tenant_id=lambda i: f"pool_{i}", **values)
    planted.fail_over(accounts, n=40)
    planted.join(accounts, payment_fingerprint=lambda i: f"card_{i // 4}")


@pytest.fixture
def assessed(once: Any, planted: Any, name_accounts: Names) -> Case:
    """A pool whose frame and parameters are one set, and a cluster of people as another."""

    def make() -> Case:
        plant_pool(planted, name_accounts("pool", 30))
        planted.people(
            name_accounts("person", 60),
            tenant_id=lambda i: f"tenant_{i}",
            system_text="A helper for the garden, friendly and short.",
        )
        planted.build()
        planted.observe(planted.template("prefix"), *FULL)
        planted.observe(planted.template("parameters"), "coordination.equal_load", "harvest.capability_focus")
        planted.observe(planted.template("system"), "structure.template_span")
        planted.assess()
        return planted.case

    case: Case = once("calibration", make)
    return case


def sets(case: Case) -> list[dict[str, Any]]:
    """Return the rows of sets."""
    return [row for row in read_rows(case, "calibration") if row["level"] == "set"]


def reference(case: Case, n_sets: int = 200, **changes: Any) -> dict[str, Any]:
    """Return a reference as the case itself would give it, from other files and with many quiet sets."""
    quiet = [{"heuristics": ["structure.template_span"], "n": n_sets}]
    content = reference_json(case)
    fired = {"account": content["fired"]["account"], "set": quiet}
    return content | {"sources": ["e" * 64], "fired": fired} | changes


def put(case: Case, *references: dict[str, Any]) -> dict[str, Any]:
    """Put references into a case, assess it again and return what findings.json says."""
    for number, content in enumerate(references, start=1):
        write_json(case.calibration / f"reference-{number:04d}.json", content)
    assess(case, LIMITS, Silent())
    found = json.loads((case.findings / "findings.json").read_text(encoding="utf-8"))
    written: dict[str, Any] = found["error_rates"]["calibration"]
    return written


def claims(case: Case) -> dict[str | None, str]:
    """Return campaign to what is said of its sets."""
    rows = read_rows(case, "error_rates")
    return {row["campaign_id"]: row["statement"] for row in rows if row["kind"] == "conformal_sets"}


def test_groups_of_the_same_accounts_are_one_set_and_leads_do_not_count(assessed: Case) -> None:
    """Frame and parameters of the pool; the prompt of the people."""
    people, pool = sorted(sets(assessed), key=lambda row: row["n_heuristics"])
    assert (1, 1) == (people["n_families"], people["n_heuristics"])
    assert (3, 6) == (pool["n_families"], pool["n_heuristics"])
    assert 2 == len(pool["groups"])
    assert "harvest.capability_focus" not in pool["fired"]


def test_every_account_is_ranked_and_none_is_marked_by_itself(assessed: Case) -> None:
    """Accounts share the fate of their set, so they carry no q-value."""
    rows = {row["entity_id"]: row for row in read_rows(assessed, "calibration") if row["level"] == "account"}
    assert len(read_rows(assessed, "accounts")) == len(rows)
    assert rows["pool_000"]["n_families"] == 3
    assert (1 + 29) / 90 == pytest.approx(rows["pool_000"]["p_value"])
    assert {None} == {row["is_marked"] for row in rows.values()}


def test_without_a_reference_sets_are_ordered_and_nothing_is_claimed(assessed: Case) -> None:
    """The best of two sets has p = 1/2; 39 sets of reference are needed to mark one of two."""
    assert {0.5, 1.0} == {row["p_value"] for row in sets(assessed)}
    assert (
        "no reference was named, and as one of 2 sets of its own log none can be rarer than one in 2"
        in claims(assessed)["C-01"]
    )
    assert "39 sets or more would allow it" in claims(assessed)["C-01"]


def test_a_set_above_a_large_benign_reference_is_marked(assessed: Case) -> None:
    """1 / 201 after correction for two sets; the people stay unmarked."""
    written = put(assessed, reference(assessed))
    pool = max(sets(assessed), key=lambda row: row["n_heuristics"])
    assert (pytest.approx(1 / 201), pytest.approx(2 / 201), True) == (
        pool["p_value"],
        pool["q_value"],
        pool["is_marked"],
    )
    assert 1 == written["n_marked_sets"]
    assert claims(assessed)["C-01"].startswith("1 of 1 set of campaign C-01 stands out from the reference")
    assert "None of 1 set of no campaign stands out" in claims(assessed)[None]


def test_a_reference_that_shows_as_much_marks_nothing(assessed: Case) -> None:
    """Ten sets like that of the pool among 210."""
    pool = max(sets(assessed), key=lambda row: row["n_heuristics"])["fired"]
    content = reference(assessed)
    content["fired"]["set"].append({"heuristics": pool, "n": 10})
    put(assessed, content)
    assert "too many sets of the reference show as much" in claims(assessed)["C-01"]


def test_a_reference_that_is_too_small_says_what_would_do(assessed: Case) -> None:
    """Ten sets cannot mark one of two at 5 %."""
    put(assessed, reference(assessed, n_sets=10))
    assert "the reference has 10 sets and can only mark 4 or more at once among 2 tested" in claims(assessed)["C-01"]


def test_references_are_added_up(assessed: Case) -> None:
    """Two of 25 sets mark what one of them could not."""
    first, second = reference(assessed, n_sets=25), reference(assessed, n_sets=25, sources=["d" * 64])
    assert 0 == put(assessed, first)["n_marked_sets"]
    assert 1 == put(assessed, first, second)["n_marked_sets"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sources": ["a" * 64]}, "shares log files with this case"),
        ({"code": "0" * 64}, "assessed by another version of the rules"),
        ({"n_days": 1}, "below half of either, fewer heuristics fire for want of volume alone"),
    ],
)
def test_references_that_cannot_be_compared_are_refused_with_the_reason(
    assessed: Case, changes: dict[str, Any], message: str
) -> None:
    """The same files, other rules, less volume."""
    written = put(assessed, reference(assessed, **changes))
    assert message in written["refused_references"][0]["reason"]
    assert [None, None] == [row["p_value"] for row in sets(assessed)]
    assert "no reference that was named can be used" in claims(assessed)["C-01"]


def test_the_same_reference_counts_once(assessed: Case) -> None:
    """The second one shares its files with the first."""
    written = put(assessed, reference(assessed), reference(assessed))
    assert "shares log files with another reference" in written["refused_references"][0]["reason"]
    assert 200 == written["n_reference_sets"]


def test_heuristics_that_the_reference_could_not_evaluate_do_not_count(assessed: Case) -> None:
    """Or evaluated in another version: silence for want of a column is no rarity."""
    content = reference(assessed)
    content["heuristics"] = {
        name: digest for name, digest in content["heuristics"].items() if not name.startswith("infrastructure")
    }
    put(assessed, content)
    assert 2 == max(row["n_families"] for row in sets(assessed))


def test_a_file_that_is_no_reference_is_wrong_usage(assessed: Case) -> None:
    """The message names the file."""
    write_json(assessed.calibration / "reference-0001.json", {"kind": "shopping list"})
    with pytest.raises(UsageError, match="is no reference population"):
        assess(assessed, LIMITS, Silent())


def test_marked_sets_of_no_campaign_that_hold_members_are_told_apart(planted: Any, name_accounts: Names) -> None:
    """A product prompt that the pool and sixty people send shows what the pool shows."""
    product = {"system_text": "You are the assistant of a well known editor. Help the person and keep answers short."}
    plant_pool(planted, name_accounts("pool", 30), **product)
    planted.pool(name_accounts("person", 60), frame="Good day, ", tenant_id=lambda i: f"tenant_{i}", **product)
    planted.build()
    planted.observe(planted.template("prefix", "write down"), *FULL)
    planted.observe(planted.template("system"), "structure.template_span", "infrastructure.link_graph")
    planted.assess()
    put(planted.case, reference(planted.case))

    assert "1 of 1 set of no campaign stands out" in claims(planted.case)[None]
    assert claims(planted.case)[None].endswith("1 of them also holds members of a campaign.")
