"""Compares what a case reports with what is known: how much was found, and how many innocents were accused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from distilforensics.accuracy.proportion import Proportion
from distilforensics.case.layout import Case
from distilforensics.core.errors import CaseError, UsageError
from distilforensics.core.finding import Grade
from distilforensics.core.text import shown
from distilforensics.evaluation.labels import read_labels
from distilforensics.evaluation.results import Evaluation, GradeScore, KnownCampaign, Piece, ReportedCampaign

if TYPE_CHECKING:
    from pathlib import Path

FOUND_SHARE = 0.5
"""A known campaign counts as found if one reported campaign holds at least this share of its accounts and consists of it at least to this share."""

GRADES = (Grade.STRONG, Grade.MODERATE, Grade.WEAK)


_IS_KNOWN = pl.col("known").is_not_null()


def evaluate(case: Path, labels: Path, *, min_grade: str = Grade.MODERATE) -> Evaluation:
    """Return how well the findings of a case agree with labels.

    Args:
        case: Case folder; `findings/accounts.parquet` and `findings/campaigns.parquet` are read.
        labels: CSV or JSON lines with account_id, campaign_id and role.
        min_grade: Lowest grade that counts as an accusation: strong, moderate or weak.

    Raises:
        CaseError: If a findings table is missing, lacks a column, or the two tables disagree.
        UsageError: If the labels cannot be read, have no account in common with the case, or `min_grade` is unknown.
    """
    if min_grade not in GRADES:
        raise UsageError(
            f"the lowest grade is {shown(min_grade)}, expected one of {', '.join(GRADES)}", where="evaluate"
        )
    known = read_labels(labels).rename({"campaign_id": "known"})
    accounts = _read_accounts(Case(case))
    compared = known.join(accounts, on="account_id")
    if compared.is_empty():
        raise UsageError(
            f"none of the {known.height:,} labelled accounts is among the {accounts.height:,} accounts of the case",
            where=str(labels),
            hint="are these the labels of this log?",
        )
    is_accused = pl.col("rank") >= Grade(min_grade).rank
    innocents = compared.filter(~_IS_KNOWN)
    return Evaluation(
        min_grade=str(min_grade),
        score=_score(compared, Grade(min_grade)),
        by_grade=tuple(_score(compared, grade) for grade in GRADES),
        known_campaigns=_known_campaigns(compared, compared.filter(is_accused)),
        reported_campaigns=_reported_campaigns(accounts.filter(is_accused).join(known, on="account_id", how="left")),
        false_accusations_by_role=tuple(
            (role, Proportion(n_accused, n_all))
            for role, n_accused, n_all in innocents.group_by("role")
            .agg(is_accused.sum(), n=pl.len())
            .sort("role")
            .rows()
        ),
        n_compared=compared.height,
        only_in_labels=_names(known.join(accounts, on="account_id", how="anti")),
        only_in_case=_names(accounts.join(known, on="account_id", how="anti")),
    )


def _names(accounts: pl.DataFrame) -> tuple[str, ...]:
    return tuple(accounts["account_id"].sort())


def _read_accounts(case: Case) -> pl.DataFrame:
    """Return all accounts of the case with `reported`, the campaign that they are in, its grade and the rank of the grade; 0 for none."""
    campaigns = _read(case, "campaigns", ("campaign_id", "grade")).rename({"grade": "grade_of_campaign"})
    for value in campaigns["grade_of_campaign"].unique().sort():
        _check_grade(case, value)
    accounts = _read(case, "accounts", ("account_id", "campaign_id", "grade"))
    accounts = accounts.join(campaigns, on="campaign_id", how="left", maintain_order="left")
    is_wrong = pl.col("campaign_id").is_not_null() & pl.col("grade").ne_missing(pl.col("grade_of_campaign"))
    for row in accounts.filter(is_wrong).head(1).iter_rows(named=True):
        raise CaseError(
            f"account {shown(row['account_id'])} is in campaign {shown(row['campaign_id'])} with grade {shown(row['grade'])}, campaigns.parquet says otherwise",
            where=str(case.table_path("accounts")),
            hint="run the assessment of the case again",
        )
    ranks = {grade.value: grade.rank for grade in Grade}
    rank = pl.col("grade_of_campaign").replace_strict(ranks, return_dtype=pl.Int64).fill_null(0)
    return accounts.select(
        "account_id", pl.col("grade_of_campaign").alias("grade"), rank.alias("rank"), reported="campaign_id"
    )


def _check_grade(case: Case, value: object) -> None:
    if value not in list(Grade):
        raise CaseError(
            f"grade is {shown(value)}, expected one of {', '.join(Grade)}", where=str(case.table_path("campaigns"))
        )


def _read(case: Case, name: str, columns: tuple[str, ...]) -> pl.DataFrame:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = case.table_path(name)
    if not path.is_file():
        raise CaseError(
            f"findings table {name} does not exist",
            where=str(path),
            hint="finish the case with: distilforensics run LOGS... --case DIR",
        )
    try:
        present = pq.read_schema(path).names
        missing = [column for column in columns if column not in present]
        if missing:
            raise CaseError(f"findings table {name} lacks {', '.join(missing)}", where=str(path))
        table = pq.read_table(path, columns=list(columns), page_checksum_verification=True)
    except (pa.ArrowInvalid, OSError) as e:
        raise CaseError(
            f"findings table {name} is not readable as Parquet", where=str(path), hint="distilforensics verify CASE"
        ) from e
    return pl.DataFrame(table)


def _score(compared: pl.DataFrame, grade: Grade) -> GradeScore:
    is_accused = pl.col("rank") >= grade.rank
    n_all, n_known, n_accused, n_hits = compared.select(
        n_all=pl.len(), n_known=_IS_KNOWN.sum(), n_accused=is_accused.sum(), n_hits=(_IS_KNOWN & is_accused).sum()
    ).row(0)
    return GradeScore(
        str(grade),
        recall=Proportion(n_hits, n_known),
        precision=Proportion(n_hits, n_accused),
        false_accusations=Proportion(n_accused - n_hits, n_all - n_known),
    )


def _known_campaigns(compared: pl.DataFrame, accused: pl.DataFrame) -> tuple[KnownCampaign, ...]:
    sizes = dict(accused.group_by("reported").len().rows())
    pieces = _pieces(accused, "known", "reported")
    members = compared.filter(_IS_KNOWN).group_by("known").len().sort("known")
    return tuple(
        KnownCampaign(
            name,
            Proportion(sum(n for _, n in pieces.get(name, ())), n_members),
            pieces.get(name, ()),
            is_found=any(n >= FOUND_SHARE * max(n_members, sizes[reported]) for reported, n in pieces.get(name, ())),
        )
        for name, n_members in members.rows()
    )


def _reported_campaigns(accused: pl.DataFrame) -> tuple[ReportedCampaign, ...]:
    """Return the campaigns of the accused accounts, labelled or not."""
    pieces = _pieces(accused, "reported", "known")
    is_labelled = pl.col("role").is_not_null()
    campaigns = accused.group_by("reported", "grade").agg(n_all=pl.len(), n_labelled=is_labelled.sum()).sort("reported")
    return tuple(
        ReportedCampaign(
            name,
            grade,
            n_accounts=n_all,
            n_unlabelled=n_all - n_labelled,
            n_innocent=n_labelled - sum(n for _, n in pieces.get(name, ())),
            known=pieces.get(name, ()),
            purity=Proportion(max((n for _, n in pieces.get(name, ())), default=0), n_labelled),
        )
        for name, grade, n_all, n_labelled in campaigns.rows()
    )


def _pieces(accused: pl.DataFrame, whole: str, part: str) -> dict[str, tuple[Piece, ...]]:
    """Return, for each campaign of the one side, those of the other side among its accounts with their number, largest first."""
    counts = (
        accused.filter(_IS_KNOWN).group_by(whole, part).len().sort(whole, "len", part, descending=[False, True, False])
    )
    pieces: dict[str, tuple[Piece, ...]] = {}
    for name, other, n in counts.rows():
        pieces[name] = (*pieces.get(name, ()), Piece(other, n))
    return pieces
