"""How often accusations are wrong: measured on labelled logs where they were supplied, else what would have to hold.

Every share has its exact interval (Clopper-Pearson, 95 %) over blocks of accounts that share their fate. Nothing is read from the grades
of the log at hand, and no rate is ever 0: what was not seen has an upper bound.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from distilforensics.assessment import conformal
from distilforensics.assessment.calibration import ACCOUNT, GROUP, LEVELS
from distilforensics.core import units
from distilforensics.core.errors import UsageError
from distilforensics.core.finding import Grade, State
from distilforensics.core.proportion import Proportion, percent
from distilforensics.core.rates import MeasuredRates, PooledRates, pool, read_rates

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from distilforensics.assessment.calibration import Calibration
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
    used: dict[tuple[str, str], MeasuredRates] = {}
    refused = []
    for path in sorted(case.calibration.glob(RATES_GLOB)):
        try:
            rates = read_rates(path.read_text(encoding="utf-8"), str(path))
        except UnicodeDecodeError as e:
            raise UsageError("is not UTF-8", where=str(path)) from e
        if reason := _unfit(rates, method, not_evaluated, used):
            refused.append((rates, reason))
        else:
            used[rates.identity] = rates
    return Measurement(tuple(used.values()), tuple(refused))


def _unfit(
    rates: MeasuredRates, method: str, not_evaluated: set[str], used: Mapping[tuple[str, str], MeasuredRates]
) -> str | None:
    if rates.identity in used:
        return "the same measurement was supplied twice"
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
    rows += [row for level in LEVELS for row in _conformal(calibration, level, campaigns)]
    return [{"place": place, **_rounded(row)} for place, row in enumerate(rows, start=1)]


def _rounded(row: Row) -> Row:
    """Return a row with nine digits after the point: the smallest bound of a log of a hundred million accounts still shows."""
    return {key: round(value, 9) if isinstance(value, float) else value for key, value in row.items()}


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
    for grade in GRADES:
        for share in ASSUMED_SHARES:
            needed = share / (1 - share) * (1 - WANTED_PRECISION) / WANTED_PRECISION
            row: Row = {"kind": "base_rate", "grade": grade.value, "assumed_share": share, "needed_rate": needed}
            words = f"If one account in {round(1 / share):,} belongs to a campaign"
            need = f"nine in ten accusations are right only if fewer than one innocent account in {round(1 / needed):,} is accused"
            right = _precision(pooled, grade, share)
            if right is None:
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


def _precision(pooled: PooledRates | None, grade: Grade, share: float) -> tuple[float | None, float, float] | None:
    """Return the part of right accusations as measured, at least and at most; None without both populations."""
    if pooled is None:
        return None
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
    return [{"kind": "likelihood_ratio", "grade": grade.value} | _likelihood_ratio(pooled, grade) for grade in GRADES]


def _likelihood_ratio(pooled: PooledRates | None, grade: Grade) -> Row:
    """Return the least likelihood ratio that the labelled logs support for exactly this grade, or why there is none."""
    if pooled is None:
        return _refused("neither campaign accounts nor innocent accounts of known outcome were supplied")
    found, accused = pooled.found([grade.value]), pooled.accused([grade.value])
    if found.blocks.interval is None:
        return _refused("no labelled log holds a known campaign, so it is unknown how often campaigns get this grade")
    if accused.blocks.interval is None:
        return _refused(
            f"the labelled logs hold {accused.accounts.n_total:,} innocent accounts, fewer than one block of {pooled.block_accounts}"
        )
    if not found.blocks.n_of:
        return _refused("no known campaign of the labelled logs got this grade as a whole")
    low, high = found.blocks.interval[0], accused.blocks.interval[1]
    ratio = low / high
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


def _refused(reason: str) -> Row:
    return {"is_known": False, "statement": f"No likelihood ratio: {reason}."}


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


def _conformal(calibration: Calibration, level: str, campaigns: Mapping[str, Examined]) -> list[Row]:
    """Return how many accounts, or groups, of each campaign and of no campaign stand out from the reference."""
    tested = calibration.levels[level]
    marked = {row["entity_id"] for row in tested.rows if row["is_marked"]}
    p_values = {row["entity_id"]: row["p_value"] for row in tested.rows if row["p_value"] is not None}
    own: dict[str | None, list[str]] = {
        name: sorted(
            (e.members if level == ACCOUNT else frozenset(e.groups)) & {row["entity_id"] for row in tested.rows}
        )
        for name, e in campaigns.items()
    }
    taken = frozenset(entity for entities in own.values() for entity in entities)
    own[None] = [row["entity_id"] for row in tested.rows if row["entity_id"] not in taken]
    rows = []
    for name, entities in own.items():
        share = Proportion(sum(entity in marked for entity in entities), len(entities))
        low, high = share.interval or (None, None)
        rows.append(
            {
                "kind": f"conformal_{level}s",
                "campaign_id": name,
                "n_of": share.n_of,
                "n_total": share.n_total,
                "n_reference": tested.n_reference,
                "rate": share.rate,
                "ci95_low": low,
                "ci95_high": high,
                "p_value": max((p_values[entity] for entity in entities if entity in p_values), default=None),
                "is_known": bool(share.n_of),
                "statement": _said(calibration, level, name, share),
            }
        )
    return rows


def _said(calibration: Calibration, level: str, name: str | None, share: Proportion) -> str:
    whose = f"of campaign {name}" if name else "in no campaign"
    plural = f"{level}s"
    if not share.n_total:
        return f"There are no {plural} {whose} to test."
    if share.n_of:
        return (
            f"Of the {plural} {whose}, {share} stand out from the reference at a false-discovery rate of {conformal.ALPHA:.0%}: of all {plural} so "
            "marked, at most that part is expected to be ordinary ones."
        )
    if not name:
        return f"None of the {units.count(share.n_total)} {plural} {whose} stands out from the reference."
    return f"Nothing is claimed of the {units.count(share.n_total)} {plural} {whose}: {refusal(calibration, level, share.n_total)}."


def refusal(calibration: Calibration, level: str, n_set: int) -> str:
    """Return why a set of accounts or groups is not marked, with the size of a reference that would do."""
    tested = calibration.levels[level]
    needed = units.count(tested.needed_reference(n_set))
    would_do = (
        f"a benign period with at least {needed} {level}s would allow it for {units.count(n_set)} that exceed all of it"
    )
    if calibration.refusal:
        return f"the reference cannot be used, since {calibration.refusal}"
    if tested.smallest_set > n_set:
        return (
            f"the reference has {units.count(tested.n_reference)} {level}s; among {units.count(tested.n_tested)} tested it can mark "
            f"{units.count(tested.smallest_set)} or more at once; {would_do}"
        )
    if not calibration.is_separate:
        return f"the reference is the other half of this log and holds part of what is tested, so its {level}s are as unusual; {would_do}"
    return f"too many {level}s of the reference show as much"


def calibration_summary(calibration: Calibration) -> dict[str, Any]:
    """Return what findings.json says of the reference and the tests."""
    return {
        "alpha": conformal.ALPHA,
        "score": "families, then heuristics, that fired on what the entity is part of",
        "n_heuristics": calibration.n_heuristics,
        "is_separate_reference": calibration.is_separate,
        "reference": dict(calibration.about),
        "refusal": calibration.refusal,
        "levels": {level: _level_summary(calibration, level) for level in (ACCOUNT, GROUP)},
    }


def _level_summary(calibration: Calibration, level: str) -> dict[str, Any]:
    tested = calibration.levels[level]
    counts = Counter(row["is_marked"] for row in tested.rows)
    return {
        "n_tested": len(tested.rows),
        "n_reference": tested.n_reference,
        "n_marked": counts[True],
        "smallest_p_value": round(conformal.p_value(0, tested.n_reference), 9) if tested.n_reference else None,
        "smallest_set_that_can_be_marked": tested.smallest_set,
        "reference_needed_for_one": tested.needed_reference(1),
    }
