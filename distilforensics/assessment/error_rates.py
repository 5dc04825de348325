"""How often accusations are wrong: measured on labelled logs where they were supplied, else what would have to hold.

Every share has its exact interval (Clopper-Pearson, 95 %) over blocks of accounts that share their fate. Nothing is read from the grades
of the log at hand, and no rate is ever 0: what was not seen has an upper bound.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from distilforensics.accuracy.measured_rates import MeasuredRates, PooledRates, pool, read_rates
from distilforensics.accuracy.proportion import Proportion, percent
from distilforensics.assessment import conformal
from distilforensics.assessment.calibration import ACCOUNT, SET
from distilforensics.case.tables import read_rows
from distilforensics.core import units
from distilforensics.core.errors import UsageError
from distilforensics.core.finding import Grade, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from distilforensics.assessment.calibration import Calibration, Population
    from distilforensics.assessment.examined import Examined
    from distilforensics.case.layout import Case

RATES_GLOB = "rates-*.json"
"""Measured rates in the case's calibration folder."""

GRADES = (Grade.STRONG, Grade.MODERATE, Grade.WEAK)

ASSUMED_SHARES = (0.0001, 0.001, 0.01, 0.1)
"""Shares of campaign accounts among all accounts, 1 in 10,000 to 1 in 10, for which the base-rate table is made."""

WANTED_PRECISION = 0.9
"""Share of right accusations for which the table says which false-accusation rate they need: nine in ten."""

VERBAL_SCALE = (
    (1_000_000, "extremely strong support"),
    (10_000, "very strong support"),
    (1_000, "strong support"),
    (100, "moderately strong support"),
    (10, "moderate support"),
    (2, "weak support"),
    (1, "no support for either proposition"),
)
"""Lower ends of a likelihood ratio and the words for it. These words are no grades.

Source: ENFSI, Guideline for evaluative reporting in forensic science, version 3.0, 2015, the verbal scale of its appendix.
"""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Measurement:
    """Measured rates that apply to this log, and those that do not with the reason."""

    used: tuple[MeasuredRates, ...]
    refused: tuple[tuple[MeasuredRates, str], ...]

    @property
    def pooled(self) -> PooledRates | None:
        """The counts of all that apply, None if none does."""
        return pool(self.used) if self.used else None


def load_measurement(case: Case, method: str, states: Iterable[Mapping[str, Any]]) -> Measurement:
    """Return the measured rates that were put into the case, sorted into those that apply and those that do not.

    Args:
        case: The case.
        method: Hash of what decides the grades of this case.
        states: Rows of `heuristic_states`.

    Raises:
        UsageError: a file holds no measured rates.
    """
    not_evaluated = {row["heuristic_id"] for row in states if row["state"] == State.NOT_EVALUATED}
    sources = {row["source_sha256"] for row in read_rows(case, "sources", ["source_sha256"])}
    used: dict[tuple[str, ...], MeasuredRates] = {}
    refused = []
    for path in sorted(case.calibration.glob(RATES_GLOB)):
        try:
            rates = read_rates(path.read_text(encoding="utf-8"), str(path))
        except UnicodeDecodeError as e:
            raise UsageError("is not UTF-8", where=str(path)) from e
        if reason := _unfit(rates, method, sources, not_evaluated, used):
            refused.append((rates, reason))
        else:
            used[rates.sources] = rates
    return Measurement(tuple(used.values()), tuple(refused))


def _unfit(
    rates: MeasuredRates,
    method: str,
    sources: set[str],
    not_evaluated: set[str],
    used: Mapping[tuple[str, ...], MeasuredRates],
) -> str | None:
    if sources & set(rates.sources):
        return "it was measured on files of this very log, and a rate says something of other logs only"
    if any(set(rates.sources) & set(other.sources) for other in used.values()):
        return "it was measured on files that another measurement counts already"
    if rates.method_sha256 != method:
        return f"it was measured with other rules, heuristics or parameters (version {rates.program}); they decide the grades"
    difference = sorted(not_evaluated ^ set(rates.not_evaluated))
    if difference:
        return (
            f"the labelled log carries other columns, so that other heuristics could be evaluated there ({', '.join(difference)}); "
            "its rates do not carry over"
        )
    return None


def error_rate_rows(measurement: Measurement, calibration: Calibration, campaigns: Mapping[str, Examined]) -> list[Row]:
    """Return the rows of the table `error_rates`, in its order."""
    pooled = measurement.pooled
    rows = [*_rates(pooled), *_base_rates(pooled), *_likelihood_ratios(pooled)]
    rows += _conformal(calibration, campaigns)
    return [{"place": place, **_rounded(row)} for place, row in enumerate(rows, start=1)]


def _rounded(row: Row) -> Row:
    """Return a row with twelve digits after the point, so that the smallest bound still shows."""
    return {key: round(value, 12) if isinstance(value, float) else value for key, value in row.items()}


def _at_least(grade: Grade) -> list[str]:
    return [other.value for other in GRADES if other.rank >= grade.rank]


def _rates(pooled: PooledRates | None) -> list[Row]:
    """Return sensitivity and false accusations for each lowest grade."""
    rows = []
    for grade in GRADES:
        for kind, what in (("sensitivity", "campaign accounts"), ("false_accusation", "innocent accounts")):
            row: Row = {"kind": kind, "grade": grade.value}
            if pooled is None:
                said = f"How many {what} get grade {grade.value} or stronger was not measured."
                rows.append(row | {"is_known": False, "statement": said})
                continue
            found = pooled.found(_at_least(grade)) if kind == "sensitivity" else pooled.accused(_at_least(grade))
            blocks = found.blocks
            counted = {
                "n_of": found.accounts.n_of,
                "n_total": found.accounts.n_total,
                "n_of_blocks": blocks.n_of,
                "n_blocks": blocks.n_total,
            }
            said = (
                f"Of {what} of the labelled logs {found.accounts.n_of:,} of {found.accounts.n_total:,} got grade {grade.value} or stronger; "
                f"as {_trials(kind, pooled)}: {blocks}."
            )
            rows.append(row | counted | _bounds(found.accounts.rate, blocks) | {"statement": said})
    return rows


def _trials(kind: str, pooled: PooledRates) -> str:
    return "campaigns" if kind == "sensitivity" else f"blocks of {pooled.block_accounts} accounts"


def _bounds(rate: float | None, blocks: Proportion) -> Row:
    low, high = blocks.interval or (None, None)
    return {"is_known": blocks.interval is not None, "rate": rate, "ci95_low": low, "ci95_high": high}


def _base_rates(pooled: PooledRates | None) -> list[Row]:
    """Return, for each assumed share of campaign accounts, what part of the accusations would be right."""
    rows = []
    for grade in GRADES if pooled else (None,):
        for share in ASSUMED_SHARES:
            needed = share / (1 - share) * (1 - WANTED_PRECISION) / WANTED_PRECISION
            row: Row = {
                "kind": "base_rate",
                "grade": grade and grade.value,
                "assumed_share": share,
                "needed_rate": needed,
            }
            words = f"If one account in {round(1 / share):,} belongs to a campaign"
            need = f"nine in ten accusations are right only if fewer than one innocent account in {round(1 / needed):,} is accused"
            right = _precision(pooled, grade, share) if pooled and grade else None
            if grade is None or right is None:
                said = (
                    f"{words}, {need}, even where every campaign account is found; whether that holds was not measured."
                )
                rows.append(row | {"is_known": False, "statement": said})
                continue
            rate, low, high = right
            said = (
                f"{words}, the measured rates make at least {percent_low(low)} of the accusations of grade {grade.value} or stronger right; "
                f"{need}."
            )
            rows.append(row | {"is_known": True, "rate": rate, "ci95_low": low, "ci95_high": high, "statement": said})
    return rows


def _precision(pooled: PooledRates, grade: Grade, share: float) -> tuple[float | None, float, float] | None:
    """Return the part of right accusations as measured, at least and at most; None without both populations."""
    found, accused = pooled.found(_at_least(grade)), pooled.accused(_at_least(grade))
    if found.blocks.interval is None or accused.blocks.interval is None:
        return None

    def right(sensitivity: float, false: float) -> float:
        whole = share * sensitivity + (1 - share) * false
        return share * sensitivity / whole if whole else 0.0

    low = right(found.blocks.interval[0], accused.blocks.interval[1])
    high = right(found.blocks.interval[1], accused.blocks.interval[0])
    is_estimated = found.accounts.n_of and accused.accounts.n_of
    rate = right(found.accounts.rate or 0.0, accused.accounts.rate or 0.0) if is_estimated else None
    return rate, low, high


def _likelihood_ratios(pooled: PooledRates | None) -> list[Row]:
    if pooled is None:
        refused = _refused("neither campaign accounts nor innocent accounts of known outcome were supplied")
        return [{"kind": "likelihood_ratio"} | refused]
    return [{"kind": "likelihood_ratio", "grade": grade.value} | _likelihood_ratio(pooled, grade) for grade in GRADES]


def _likelihood_ratio(pooled: PooledRates, grade: Grade) -> Row:
    """Return the least likelihood ratio that the labelled logs support for exactly this grade, or why there is none."""
    found, accused = pooled.found([grade.value]), pooled.accused([grade.value])
    if found.blocks.interval is None:
        return _refused(
            "no labelled log holds a known campaign, so it is unknown how often campaigns get this grade", grade
        )
    if accused.blocks.interval is None:
        return _refused(
            f"the labelled logs hold {accused.accounts.n_total:,} innocent accounts, fewer than one block of {pooled.block_accounts}",
            grade,
        )
    if not found.blocks.n_of:
        return _refused("no known campaign of the labelled logs got this grade as a whole", grade)
    low, high = found.blocks.interval[0], accused.blocks.interval[1]
    ratio = low / high
    if ratio <= 1:
        return _refused(
            f"{found.blocks.n_total:,} known campaigns and {accused.blocks.n_total:,} blocks of {pooled.block_accounts} innocent accounts are too "
            f"few to show that it is more probable for a campaign account ({percent_low(low)} at least against {percent_high(high)} at most)",
            grade,
        )
    said = (
        f"Grade {grade.value} is at least {_floor(ratio)} times as probable for a campaign account as for an innocent one "
        f"({percent_low(low)} against at most {percent_high(high)}); with these innocent accounts no ratio above {_floor(1 / high)} could be "
        f"shown. In the words of the ENFSI scale: {verbal(ratio)}."
    )
    return {
        "is_known": True,
        "rate": ratio,
        "ci95_low": low,
        "ci95_high": high,
        "n_of": found.accounts.n_of,
        "n_total": found.accounts.n_total,
        "n_of_blocks": found.blocks.n_of,
        "n_blocks": found.blocks.n_total,
        "verbal": verbal(ratio),
        "statement": said,
    }


def _refused(reason: str, grade: Grade | None = None) -> Row:
    return {
        "is_known": False,
        "statement": f"No likelihood ratio{f' of grade {grade.value}' if grade else ''}: {reason}.",
    }


def verbal(ratio: float) -> str:
    """Return the words of the scale for the least ratio; below 2 the data show nothing."""
    return next((words for least, words in VERBAL_SCALE if ratio >= least), VERBAL_SCALE[-1][1])


def _floor(value: float) -> str:
    """Return a ratio with two significant digits, rounded down."""
    digits = 1 - math.floor(math.log10(value)) if value > 0 else 0
    return f"{math.floor(value * 10**digits) / 10**digits:,g}"


def percent_low(share: float) -> str:
    """Return a lower bound in per cent, rounded down."""
    return percent(share, is_lower=True)


def percent_high(share: float) -> str:
    """Return an upper bound in per cent, rounded up."""
    return percent(share, is_lower=False)


def _conformal(calibration: Calibration, campaigns: Mapping[str, Examined]) -> list[Row]:
    """Return how many sets of each campaign, and of no campaign, stand out from the reference."""
    found = {row["entity_id"]: row for row in calibration.rows if row["level"] == SET}
    own: dict[str | None, list[str]] = {}
    for name, e in campaigns.items():
        seeds = frozenset(e.candidate.groups)
        own[name] = [head for head, row in found.items() if seeds & frozenset(row["groups"])]
    taken = {head for heads in own.values() for head in heads}
    own[None] = [head for head in found if head not in taken]
    members = frozenset(account for e in campaigns.values() for account in e.members)
    core = calibration.ranked.core
    n_shared = sum(found[head]["is_marked"] and bool(core[head] & members) for head in own[None])
    rows = []
    for campaign, heads in own.items():
        known = [p for head in heads if (p := found[head]["p_value"]) is not None]
        n_marked = sum(found[head]["is_marked"] for head in heads)
        rows.append(
            {
                "kind": "conformal_sets",
                "campaign_id": campaign,
                "n_of": n_marked,
                "n_total": len(heads),
                "n_reference": calibration.n_reference[SET],
                "p_value": min(known, default=None),
                "is_known": bool(n_marked),
                "statement": _said(calibration, campaign, n_marked, len(heads))
                + (
                    f" {units.count(n_shared)} of them also {'holds' if n_shared == 1 else 'hold'} members of a campaign."
                    if n_shared and not campaign
                    else ""
                ),
            }
        )
    return rows


def _said(calibration: Calibration, campaign: str | None, n_marked: int, n_sets: int) -> str:
    whose = f"of campaign {campaign}" if campaign else "of no campaign"
    if not n_sets:
        return f"There is nothing to test: no set {whose}."
    sets = f"{units.count(n_sets)} {'set' if n_sets == 1 else 'sets'} {whose}"
    if n_marked:
        return (
            f"{units.count(n_marked)} of {sets} {'stands' if n_marked == 1 else 'stand'} out from the reference at a false-discovery rate of "
            f"{100 * conformal.ALPHA:.0f} %: of all sets so marked, at most that part is expected to be ordinary ones."
        )
    if not campaign:
        return f"None of {sets} stands out from the reference."
    return f"Nothing is claimed of {sets}: {refusal(calibration, n_sets)}."


def refusal(calibration: Calibration, n_sets: int) -> str:
    """Return why the sets of a campaign are not marked, with the size of a reference that would do."""
    would_do = (
        f"benign periods in which something fired on {units.count(calibration.needed_reference(n_sets))} sets or more would allow it, "
        "if none of them shows as much"
    )
    if calibration.refused and not calibration.used:
        return f"no reference that was named can be used; {would_do}"
    if not calibration.is_separate:
        return (
            f"no reference was named, and as one of {units.count(calibration.n_sets)} sets of its own log none can be rarer than one in "
            f"{units.count(calibration.n_sets)}; {would_do}"
        )
    if calibration.smallest_number > n_sets:
        return (
            f"the reference has {units.count(calibration.n_reference[SET])} sets and can only mark {units.count(calibration.smallest_number)} "
            f"or more at once among {units.count(calibration.n_sets)} tested; {would_do}"
        )
    return "too many sets of the reference show as much"


def calibration_summary(calibration: Calibration) -> dict[str, Any]:
    """Return what findings.json says of the reference and the tests."""
    n_reference = calibration.n_reference
    return {
        "alpha": conformal.ALPHA,
        "score": "families, then heuristics, that fired on the groups of a set",
        "n_heuristics": calibration.n_heuristics,
        "is_separate_reference": calibration.is_separate,
        "references": [_reference(entry) for entry in calibration.used],
        "refused_references": [_reference(entry) | {"reason": why} for entry, why in calibration.refused],
        "n_reference_accounts": n_reference[ACCOUNT],
        "n_reference_sets": n_reference[SET],
        "n_tested_accounts": len(calibration.ranked.accounts),
        "n_tested_sets": calibration.n_sets,
        "n_marked_sets": sum(row["level"] == SET and row["is_marked"] for row in calibration.rows),
        "smallest_number_that_can_be_marked": calibration.smallest_number,
        "n_reference_sets_needed": calibration.needed_reference(),
    }


def _reference(entry: Population) -> dict[str, Any]:
    return {
        "tables_sha256": entry.tables,
        "n_days": entry.n_days,
        "n_accounts": entry.n_accounts,
        "n_sets": sum(entry.fired[SET].values()),
        "n_campaigns": entry.n_campaigns,
    }
