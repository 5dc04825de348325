"""The chapter on error rates: measured ones with exact intervals where labelled logs were supplied, else what would have to hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from distilforensics.accuracy.proportion import Proportion, percent
from distilforensics.report.chapters.overview import findings
from distilforensics.report.chapters.work import sentence
from distilforensics.report.context import ErrorRates

if TYPE_CHECKING:
    from collections.abc import Mapping

    from distilforensics.report.chapters.work import Work
    from distilforensics.report.context import DataTable

_KINDS = {"sensitivity": "campaign accounts", "false_accusation": "innocent accounts"}


def collect(work: Work) -> ErrorRates:
    """Return what is known about how often the grades are wrong."""
    written = findings(work.case).get("error_rates") or {}
    is_measured = bool(written.get("is_measured_for_this_log"))
    rows = work.rows("error_rates")

    def table(part: str, chosen: list[dict[str, Any]]) -> DataTable:
        return work.table("error_rates", chosen, anchor=f"error-rates-{part}", layout=f"error_rates_{part}")

    return ErrorRates(
        is_measured=is_measured,
        reason="" if is_measured else sentence(str(written.get("reason") or "")),
        measured_on=tuple(written.get("measured_on") or ()),
        not_used=tuple(written.get("not_used") or ()),
        block_accounts=written.get("block_accounts"),
        calibration=written.get("calibration") or {},
        rates=table(
            "measured", [_measured(row) for row in rows if row["kind"] in _KINDS and row["n_total"] is not None]
        ),
        base=table("base", [_base(row) for row in rows if row["kind"] == "base_rate"]),
        ratios=tuple(row["statement"] for row in rows if row["kind"] == "likelihood_ratio"),
        standing_out=table("reference", [_against_reference(row) for row in rows if row["kind"] == "conformal_sets"]),
    )


def _measured(row: Mapping[str, Any]) -> dict[str, Any]:
    share, blocks = Proportion(row["n_of"], row["n_total"]), Proportion(row["n_of_blocks"], row["n_blocks"])
    return {
        **row,
        "what": _KINDS[row["kind"]],
        "reached": f"{row['grade']} or stronger" if row["grade"] != "strong" else "strong",
        "seen": f"{share.n_of:,} of {share.n_total:,}",
        "trials": f"{blocks.n_of:,} of {blocks.n_total:,}",
        "bounds": _bounds(row),
    }


def _bounds(row: Mapping[str, Any]) -> str:
    if row["ci95_low"] is None:
        return "too few to say"
    low, high = percent(row["ci95_low"], is_lower=True), percent(row["ci95_high"], is_lower=False)
    if row["ci95_low"] == 0:
        return f"at most {high}"
    return f"at least {low}" if row["ci95_high"] == 1 else f"{low} to {high}"


def _base(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **row,
        "assumed": f"1 in {round(1 / row['assumed_share']):,}",
        "reached": row["grade"] or "any grade",
        "bounds": _bounds(row) if row["is_known"] else "not measured",
        "needed": f"fewer than 1 in {round(1 / row['needed_rate']):,}",
    }


def _against_reference(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **row,
        "whose": row["campaign_id"] or "none",
        "seen": f"{row['n_of']:,} of {row['n_total']:,}",
    }
