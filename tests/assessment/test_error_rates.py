"""Error rates as they are written down: measured where labelled logs were supplied, refused with a reason otherwise, never a bare zero."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from distilforensics import __version__
from distilforensics.accuracy.measured_rates import OUTCOMES, MeasuredRates, method_sha256, pool, rules_of
from distilforensics.assessment.error_rates import verbal
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


def counts(**given: int) -> dict[str, int]:
    """Return a count for each outcome."""
    return {grade.value: given.get(grade.value, 0) for grade in OUTCOMES}


def rates(method: str = "", **changes: Any) -> MeasuredRates:
    """Return counts of ten campaigns of 100 accounts, found as strong, and 20,000 innocent accounts of which none is accused."""
    plain = MeasuredRates(
        about="confirmed cases of May",
        program=__version__,
        method_sha256=method,
        findings_sha256="f" * 64,
        labels_sha256="1" * 64,
        sources=("c" * 64,),
        not_evaluated=("coordination.rotation",),
        campaign_accounts=counts(strong=1000),
        innocent_accounts=counts(inconclusive=20_000),
        n_known_campaigns=10,
        n_examined_groups=0,
        n_examined_accounts=0,
    )
    return replace(plain, **changes)


@pytest.fixture
def assessed(once: Any, planted: Any, name_accounts: Names) -> Case:
    """A case with a pool that is a campaign; rotation could not be evaluated."""

    def make() -> Case:
        fired = (
            "coordination.equal_load", "coordination.synchrony", "structure.template_span", "structure.coverage_growth",
            "infrastructure.signup_burst", "infrastructure.link_graph",
        )  # fmt: skip
        planted.pool(name_accounts("pool", 30), tenant_id=lambda i: f"pool_{i}")
        planted.people(name_accounts("person", 60), tenant_id=lambda i: f"tenant_{i}")
        planted.build()
        planted.observe(planted.template("prefix"), *fired)
        planted.assess()
        return planted.case

    case: Case = once("error-rates", make)
    return case


def method_of(case: Case) -> str:
    """Return the hash of the method of an assessed case."""
    stage = json.loads((case.stages / "assessment.json").read_bytes())
    return method_sha256(__version__, read_rows(case, "heuristic_states"), stage["code"], rules_of(stage["parameters"]))


def supply(case: Case, *measured: MeasuredRates) -> dict[str, list[dict[str, Any]]]:
    """Put measurements into a case, assess it again and return the rows by kind."""
    for number, entry in enumerate(measured, start=1):
        write_json(case.calibration / f"rates-{number:04d}.json", entry.as_json())
    assess(case, LIMITS, Silent())
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in read_rows(case, "error_rates"):
        rows.setdefault(row["kind"], []).append(row)
    return rows


def written(case: Case) -> dict[str, Any]:
    """Return what findings.json says of error rates."""
    found: dict[str, Any] = json.loads((case.findings / "findings.json").read_text(encoding="utf-8"))["error_rates"]
    return found


def test_without_labelled_logs_nothing_is_measured_and_the_table_says_what_would_be_needed(assessed: Case) -> None:
    """With one campaign account in a thousand, nine in ten accusations are right if fewer than 1 in 8,991 innocents is accused."""
    rows = supply(assessed)

    assert all(
        row["rate"] is None and not row["is_known"] for kind in ("sensitivity", "base_rate") for row in rows[kind]
    )
    assert [0.0001, 0.001, 0.01, 0.1] == [row["assumed_share"] for row in rows["base_rate"]]
    assert "fewer than one innocent account in 8,991 is accused" in rows["base_rate"][1]["statement"]
    (ratio,) = rows["likelihood_ratio"]
    assert ratio["statement"].startswith("No likelihood ratio: neither campaign accounts nor innocent accounts")
    assert not written(assessed)["is_measured_for_this_log"]


def test_bounds_are_computed_over_campaigns_and_blocks_of_innocents(assessed: Case) -> None:
    """Ten of ten campaigns: at least 69.1 %; none of 1,000 blocks of twenty: at most 0.369 %, not 0.0184 % as over accounts."""
    rows = supply(assessed, rates(method_of(assessed)))
    found, accused = rows["sensitivity"][0], rows["false_accusation"][0]

    assert (1000, 1000, 10, 10) == tuple(found[key] for key in ("n_of", "n_total", "n_of_blocks", "n_blocks"))
    assert pytest.approx(0.691503, abs=1e-6) == found["ci95_low"]
    assert (0, 20_000, 0, 1000) == tuple(accused[key] for key in ("n_of", "n_total", "n_of_blocks", "n_blocks"))
    assert pytest.approx(0.003682, abs=1e-6) == accused["ci95_high"]
    assert "0 of 1,000 (at most 0.369 %)" in accused["statement"]
    assert written(assessed)["measured_on"][0]["about"] == "confirmed cases of May"


def test_the_base_rate_table_gives_the_least_part_of_right_accusations(assessed: Case) -> None:
    """Share * least sensitivity / (that + (1 - share) * most false accusations); no rate where no innocent was accused."""
    rows = supply(assessed, rates(method_of(assessed)))["base_rate"]
    (one_in_ten,) = [row for row in rows if row["grade"] == "strong" and row["assumed_share"] == 0.1]
    low, false = 0.6915029, 0.0036821

    assert pytest.approx(0.1 * low / (0.1 * low + 0.9 * false), abs=1e-5) == one_in_ten["ci95_low"]
    assert one_in_ten["rate"] is None
    assert len(rows) == 12


def test_a_likelihood_ratio_is_lower_over_upper_bound_and_never_more_than_the_counts_allow(assessed: Case) -> None:
    """0.6915 / 0.003682 = 187.8, moderately strong in the words of the scale; no ratio above 271 could be shown."""
    rows = supply(assessed, rates(method_of(assessed)))["likelihood_ratio"]
    strong, moderate, _ = rows

    assert pytest.approx(187.8, abs=0.1) == strong["rate"]
    assert "moderately strong support" == strong["verbal"]
    assert "at least 180 times" in strong["statement"]
    assert "no ratio above 270 could be shown" in strong["statement"]
    assert moderate["rate"] is None
    assert (
        "No likelihood ratio of grade moderate: no known campaign of the labelled logs got this grade"
        in moderate["statement"]
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"campaign_accounts": counts(), "n_known_campaigns": 0}, "no labelled log holds a known campaign"),
        ({"innocent_accounts": counts(inconclusive=19)}, "19 innocent accounts, fewer than one block of 20"),
        (
            {"campaign_accounts": counts(strong=90, inconclusive=910)},
            "no known campaign of the labelled logs got this grade",
        ),
    ],
)
def test_a_ratio_is_refused_where_a_population_is_missing_or_too_small(
    assessed: Case, changes: dict[str, Any], message: str
) -> None:
    """The reason is given in place of the number."""
    (strong, *_) = supply(assessed, rates(method_of(assessed), **changes))["likelihood_ratio"]
    assert (False, None) == (strong["is_known"], strong["rate"])
    assert message in strong["statement"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"method_sha256": "0" * 64}, "measured with other rules, heuristics or parameters"),
        ({"not_evaluated": ()}, "the labelled log carries other columns"),
        ({"sources": ("a" * 64,)}, "measured on files of this very log"),
    ],
)
def test_rates_that_do_not_carry_over_are_not_used_and_the_reason_is_written_down(
    assessed: Case, changes: dict[str, Any], message: str
) -> None:
    """Another method, other columns, or the log itself."""
    rows = supply(assessed, replace(rates(method_of(assessed)), **changes))
    assert rows["sensitivity"][0]["n_total"] is None
    assert message in written(assessed)["not_used"][0]["reason"]
    assert written(assessed)["reason"] == "what was supplied does not apply to this log"


def test_measurements_are_added_up_and_none_counts_twice(assessed: Case) -> None:
    """Two different logs, and one of them again."""
    one, other = rates(method_of(assessed)), rates(method_of(assessed), sources=("d" * 64,))
    rows = supply(assessed, one, other, one)
    assert (2000, 20) == (rows["sensitivity"][0]["n_total"], rows["sensitivity"][0]["n_blocks"])
    assert "another measurement counts already" in written(assessed)["not_used"][0]["reason"]


def test_accused_innocents_are_rounded_up_to_whole_blocks_and_found_accounts_down() -> None:
    """One accused account is one accused block; 99 of 100 accounts of one campaign are no whole campaign."""
    pooled = pool([rates(innocent_accounts=counts(strong=1, inconclusive=399), campaign_accounts=counts(strong=99, weak=1), n_known_campaigns=1)])  # fmt: skip
    assert (1, 20) == (pooled.accused(["strong"]).blocks.n_of, pooled.accused(["strong"]).blocks.n_total)
    assert (0, 1) == (pooled.found(["strong"]).blocks.n_of, pooled.found(["strong"]).blocks.n_total)


def test_a_block_is_as_large_as_the_groups_that_were_examined() -> None:
    """Classes of 45 accounts are accused as 45."""
    assert pool([rates(n_examined_groups=2, n_examined_accounts=90)]).block_accounts == 45
    assert pool([rates(n_examined_groups=2, n_examined_accounts=10)]).block_accounts == 20


@pytest.mark.parametrize(
    ("ratio", "words"),
    [
        (0.5, "no support for either proposition"),
        (1.9, "no support for either proposition"),
        (2, "weak support"),
        (10, "moderate support"),
        (999, "moderately strong support"),
        (1000, "strong support"),
        (10_000, "very strong support"),
        (1e7, "extremely strong support"),
    ],
)
def test_the_words_are_those_of_the_scale(ratio: float, words: str) -> None:
    """Lower ends belong to the step."""
    assert words == verbal(ratio)


def test_a_file_that_holds_something_else_is_wrong_usage(assessed: Case) -> None:
    """The place and the fault are named."""
    write_json(assessed.calibration / "rates-0001.json", rates().as_json() | {"n_known_campaigns": -1})
    with pytest.raises(UsageError, match="n_known_campaigns is '-1', expected a count"):
        assess(assessed, LIMITS, Silent())
