"""Compares what a case reports with what is known: how much was found, and how many innocents were accused."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from distilforensics.case.layout import Case
from distilforensics.core.errors import CaseError, UsageError
from distilforensics.core.finding import Grade
from distilforensics.core.proportion import Proportion
from distilforensics.core.text import shown
from distilforensics.evaluation.labels import Label, read_labels
from distilforensics.evaluation.results import Evaluation, GradeScore, KnownCampaign, ReportedCampaign

if TYPE_CHECKING:
    from pathlib import Path

FOUND_SHARE = 0.5
"""A known campaign counts as found if one reported campaign holds at least this share of its accounts and consists of it at least to this share."""

GRADES = (Grade.STRONG, Grade.MODERATE, Grade.WEAK)


@dataclass(frozen=True, slots=True)
class _Accusation:
    campaign_id: str
    rank: int


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
    known = read_labels(labels)
    grades = _read_campaigns(Case(case))
    accused = _read_accounts(Case(case), grades)
    compared = sorted(known.keys() & accused.keys())
    if not compared:
        raise UsageError(
            f"none of the {len(known):,} labelled accounts is among the {len(accused):,} accounts of the case",
            where=str(labels),
            hint="are these the labels of this log?",
        )
    lowest = Grade(min_grade).rank
    suspects = {
        account_id: accusation for account_id, accusation in accused.items() if accusation and accusation.rank >= lowest
    }
    return Evaluation(
        min_grade=str(min_grade),
        score=_score(Grade(min_grade), compared, known, accused),
        by_grade=tuple(_score(grade, compared, known, accused) for grade in GRADES),
        known_campaigns=_known_campaigns(compared, known, suspects),
        reported_campaigns=_reported_campaigns(known, suspects, grades),
        false_accusations_by_role=_by_role(compared, known, suspects),
        n_compared=len(compared),
        only_in_labels=tuple(sorted(known.keys() - accused.keys())),
        only_in_case=tuple(sorted(accused.keys() - known.keys())),
    )


def _read_campaigns(case: Case) -> dict[str, Grade]:
    rows = _read(case, "campaigns", ("campaign_id", "grade"))
    return {row["campaign_id"]: _grade(case, row["grade"]) for row in rows}


def _read_accounts(case: Case, grades: dict[str, Grade]) -> dict[str, _Accusation | None]:
    accused: dict[str, _Accusation | None] = {}
    for row in _read(case, "accounts", ("account_id", "campaign_id", "grade")):
        campaign_id = row["campaign_id"]
        if campaign_id is None:
            accused[row["account_id"]] = None
            continue
        if campaign_id not in grades or grades[campaign_id] != row["grade"]:
            raise CaseError(
                f"account {shown(row['account_id'])} is in campaign {shown(campaign_id)} with grade {shown(row['grade'])}, campaigns.parquet says otherwise",
                where=str(case.table_path("accounts")),
                hint="run the assessment of the case again",
            )
        accused[row["account_id"]] = _Accusation(campaign_id, grades[campaign_id].rank)
    return accused


def _grade(case: Case, value: object) -> Grade:
    try:
        return Grade(str(value))
    except ValueError as e:
        raise CaseError(
            f"grade is {shown(value)}, expected one of {', '.join(Grade)}", where=str(case.table_path("campaigns"))
        ) from e


def _read(case: Case, name: str, columns: tuple[str, ...]) -> list[dict[str, Any]]:
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
        rows: list[dict[str, Any]] = pq.read_table(
            path, columns=list(columns), page_checksum_verification=True
        ).to_pylist()
    except (pa.ArrowInvalid, OSError) as e:
        raise CaseError(
            f"findings table {name} is not readable as Parquet", where=str(path), hint="distilforensics verify CASE"
        ) from e
    return rows


def _score(
    grade: Grade, compared: list[str], known: dict[str, Label], accused: dict[str, _Accusation | None]
) -> GradeScore:
    counts: Counter[tuple[bool, bool]] = Counter()
    for account_id in compared:
        accusation = accused[account_id]
        counts[known[account_id].campaign_id is not None, accusation is not None and accusation.rank >= grade.rank] += 1
    hits, misses, false, cleared = counts[True, True], counts[True, False], counts[False, True], counts[False, False]
    return GradeScore(
        str(grade), Proportion(hits, hits + misses), Proportion(hits, hits + false), Proportion(false, false + cleared)
    )


def _known_campaigns(
    compared: list[str], known: dict[str, Label], suspects: dict[str, _Accusation]
) -> tuple[KnownCampaign, ...]:
    members: dict[str, list[str]] = {}
    for account_id in compared:
        campaign_id = known[account_id].campaign_id
        if campaign_id is not None:
            members.setdefault(campaign_id, []).append(account_id)
    sizes = Counter(suspects[account_id].campaign_id for account_id in compared if account_id in suspects)
    campaigns = []
    for campaign_id in sorted(members):
        pieces = Counter(
            suspects[account_id].campaign_id for account_id in members[campaign_id] if account_id in suspects
        )
        n_members = len(members[campaign_id])
        is_found = any(
            count >= FOUND_SHARE * n_members and count >= FOUND_SHARE * sizes[name] for name, count in pieces.items()
        )
        campaigns.append(
            KnownCampaign(campaign_id, Proportion(pieces.total(), n_members), _largest_first(pieces), is_found)
        )
    return tuple(campaigns)


def _reported_campaigns(
    known: dict[str, Label], suspects: dict[str, _Accusation], grades: dict[str, Grade]
) -> tuple[ReportedCampaign, ...]:
    members: dict[str, list[str]] = {}
    for account_id, accusation in suspects.items():
        members.setdefault(accusation.campaign_id, []).append(account_id)
    campaigns = []
    for campaign_id in sorted(members):
        labels = [known[account_id] for account_id in members[campaign_id] if account_id in known]
        truths = Counter(label.campaign_id for label in labels if label.campaign_id is not None)
        n_all = len(members[campaign_id])
        campaigns.append(
            ReportedCampaign(
                campaign_id,
                str(grades[campaign_id]),
                n_accounts=n_all,
                n_unlabelled=n_all - len(labels),
                n_innocent=len(labels) - truths.total(),
                known=_largest_first(truths),
                purity=Proportion(max(truths.values(), default=0), len(labels)),
            )
        )
    return tuple(campaigns)


def _by_role(
    compared: list[str], known: dict[str, Label], suspects: dict[str, _Accusation]
) -> tuple[tuple[str, Proportion], ...]:
    innocents = [account_id for account_id in compared if known[account_id].campaign_id is None]
    totals = Counter(known[account_id].role for account_id in innocents)
    accused = Counter(known[account_id].role for account_id in innocents if account_id in suspects)
    return tuple((role, Proportion(accused[role], totals[role])) for role in sorted(totals))


def _largest_first(counts: Counter[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
