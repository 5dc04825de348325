"""From sums per account to one row per group and view: what can be tested, the test, and its rank among the tenants of the log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from distilforensics.windows import parameters
from distilforensics.windows.comparison import Sample, Scale, compare
from distilforensics.windows.sketch import mixed
from distilforensics.windows.windows import Sums

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from distilforensics.windows.windows import Windows

DECIMALS = 6
"""Digits after the point of every double in the table."""


@dataclass(frozen=True, slots=True)
class Group:
    """A group by numbers of accounts: those that are sampled with their tenths, and all that are read.

    A template's own exchanges are left out of its test, since its accounts were chosen for carrying it: `slots` are the rows
    of what carries it. Clusters and tenants have none.
    """

    group_id: str
    kind: str
    n_accounts: int
    accounts: NDArray[np.int64]
    tenths: NDArray[np.int64]
    everybody: NDArray[np.int64]
    slots: NDArray[np.int64] | None
    seed: int


def judge(view: str, groups: Iterable[Group], windows: Windows, reference: NDArray[np.int64]) -> list[dict[str, Any]]:
    """Return one row of `window_tests` per group for a view, without rank and excess."""
    present = reference[windows.accounts.n[reference] > 0]
    scale = Scale.of(windows.accounts, present)
    known = Sums(windows.accounts.vectors[present], windows.accounts.n[present])
    rest = Sample(scale.apply(known), known.n)
    return [_row(view, group, windows, scale, rest, present) for group in groups]


def _row(
    view: str, group: Group, windows: Windows, scale: Scale, rest: Sample, present: NDArray[np.int64]
) -> dict[str, Any]:
    own = _own_sums(group, windows)
    others = rest.at(np.flatnonzero(~np.isin(present, group.everybody)))
    sample = Sample(scale.apply(own), own.n)
    with_view = np.flatnonzero(own.n > 0)
    places = _comparable(sample, with_view, others, group.seed)
    tested = sample.at(places)
    n_exchanges = int(tested.n.sum())
    row: dict[str, Any] = {
        "group_id": group.group_id,
        "kind": group.kind,
        "view": view,
        "n_accounts": group.n_accounts,
        "n_accounts_tested": len(places),
        "n_exchanges_tested": n_exchanges,
        "n_accounts_reference": int(np.isin(others.strata, sample.at(with_view).strata).sum()),
        "reason": _reason(own, len(places), n_exchanges),
        "excess": None,
    }
    if row["reason"]:
        return row | {"state": "inconclusive"}
    n_null = parameters.value("test", "n_null")
    compared = others.at(_drawn_from(tested, others, group.seed))
    result = compare(tested, group.tenths[places], compared, seed=group.seed, n_null=n_null)
    median, high = np.quantile(np.sort(result.null), [0.5, 0.99], method="inverted_cdf")
    return row | {
        "state": "tested",
        "n_null": n_null,
        "statistic": round(result.statistic, DECIMALS),
        "null_median": round(float(median), DECIMALS),
        "null_q99": round(float(high), DECIMALS),
        "p_value": round(result.p_value, DECIMALS),
        "p_without_tenth": [round(p, DECIMALS) for p in result.p_without_tenth],
    }


def _own_sums(group: Group, windows: Windows) -> Sums:
    """Return the sums of the sampled accounts, of a template's accounts without what carries it."""
    vectors, n = windows.accounts.vectors[group.accounts], windows.accounts.n[group.accounts]
    if group.slots is not None:
        vectors, n = vectors - windows.carried.vectors[group.slots], n - windows.carried.n[group.slots]
    return Sums(vectors, n)


def _comparable(sample: Sample, candidates: NDArray[np.int64], others: Sample, seed: int) -> NDArray[np.int64]:
    """Return as many of the accounts as the rest of the log has enough accounts of equal volume for, chosen by chance."""
    factor = parameters.value("test", "reference_factor")
    strata, available = sample.strata[candidates], others.strata
    keys = mixed(candidates.astype(np.uint64) ^ mixed(np.array([seed], dtype=np.uint64)))
    chosen = [np.zeros(0, dtype=np.int64)]
    for stratum in np.unique(strata):
        inside = np.flatnonzero(strata == stratum)
        allowed = int((available == stratum).sum()) // factor
        chosen.append(candidates[inside[np.argsort(keys[inside])[:allowed]]])
    return np.sort(np.concatenate(chosen))


def _drawn_from(tested: Sample, others: Sample, seed: int) -> NDArray[np.int64]:
    """Return the other accounts of the group's volumes, by chance a bounded number for each of its accounts."""
    factor = parameters.value("test", "max_reference_factor")
    available = others.strata
    keys = mixed(np.arange(len(available), dtype=np.uint64) ^ mixed(np.array([seed], dtype=np.uint64)))
    chosen = []
    for stratum, n in zip(*np.unique(tested.strata, return_counts=True), strict=True):
        inside = np.flatnonzero(available == stratum)
        chosen.append(inside[np.argsort(keys[inside])[: factor * n]])
    return np.sort(np.concatenate(chosen))


def _reason(own: Sums, n_tested: int, n_exchanges: int) -> str | None:
    """Return why a group cannot be tested, with the size that would do; None if it can."""
    min_accounts = parameters.value("groups", "min_group_accounts")
    min_exchanges = parameters.value("test", "min_exchanges")
    needed = f"needed are {min_accounts} accounts and {min_exchanges} exchanges"
    n_accounts, n_own = int((own.n > 0).sum()), int(own.n.sum())
    if n_accounts < min_accounts or n_own < min_exchanges:
        return f"too little to compare: {n_own} exchanges of {n_accounts} accounts; {needed}"
    if n_tested < min_accounts or n_exchanges < min_exchanges:
        factor = parameters.value("test", "reference_factor")
        return (
            f"the rest of the log is too small: it has accounts of equal volume for {n_tested} accounts with {n_exchanges} "
            f"exchanges of the group; {needed}, and {factor} others for each, so {factor * min_accounts} at least"
        )
    return None


def rank_among_tenants(rows: Iterable[dict[str, Any]]) -> None:
    """Add to every tested row how it ranks among the tenants of the log, which are groups that differ for innocent reasons."""
    tested = [row for row in rows if row["state"] == "tested"]
    for row in tested:
        others = [
            other["statistic"]
            for other in tested
            if other["kind"] == "tenant" and other["view"] == row["view"] and other["group_id"] != row["group_id"]
        ]
        row["n_tenants"] = len(others)
        if others:
            n_as_far = sum(statistic >= row["statistic"] for statistic in others)
            row["p_among_tenants"] = round((1 + n_as_far) / (1 + len(others)), DECIMALS)
