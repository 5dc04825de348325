"""The result of an evaluation: account rates, known and reported campaigns, innocents by role; for JSON and for a terminal."""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from typing import Any, NamedTuple

from distilforensics.accuracy.proportion import Proportion
from distilforensics.core.text import show


class Piece(NamedTuple):
    """Accounts that two campaigns have in common, under the name of the other one."""

    campaign_id: str
    n_accounts: int


@dataclass(frozen=True, slots=True)
class GradeScore:
    """Account-level rates if everything of at least `grade` counts as an accusation."""

    grade: str
    recall: Proportion
    """Accounts of known campaigns that are accused."""
    precision: Proportion
    """Accused accounts that belong to a known campaign."""
    false_accusations: Proportion
    """Innocent accounts that are accused."""


@dataclass(frozen=True, slots=True)
class KnownCampaign:
    """One labelled campaign and where its accounts are in the case."""

    campaign_id: str
    recall: Proportion
    pieces: tuple[Piece, ...]
    """Reported campaigns that hold some of its accounts with their number, largest first."""
    is_found: bool


@dataclass(frozen=True, slots=True)
class ReportedCampaign:
    """One campaign of the case at or above the grade, and what its accounts are according to the labels."""

    campaign_id: str
    grade: str
    n_accounts: int
    n_unlabelled: int
    n_innocent: int
    known: tuple[Piece, ...]
    """Known campaigns among its accounts with their number, largest first."""
    purity: Proportion
    """Accounts of the largest known campaign among its labelled accounts."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The comparison of one case with labels."""

    min_grade: str
    score: GradeScore
    by_grade: tuple[GradeScore, ...]
    """The same for each lowest grade, strictest first."""
    known_campaigns: tuple[KnownCampaign, ...]
    reported_campaigns: tuple[ReportedCampaign, ...]
    false_accusations_by_role: tuple[tuple[str, Proportion], ...]
    """Innocent accounts by role: those accused among all of the role."""
    n_compared: int
    """Accounts that both the case and the labels hold; every rate is of these."""
    only_in_labels: tuple[str, ...]
    only_in_case: tuple[str, ...]

    @property
    def found(self) -> Proportion:
        """Known campaigns that were found."""
        return Proportion(sum(campaign.is_found for campaign in self.known_campaigns), len(self.known_campaigns))

    @property
    def n_split(self) -> int:
        """Known campaigns whose accounts are spread over several reported ones."""
        return sum(len(campaign.pieces) > 1 for campaign in self.known_campaigns)

    @property
    def n_merged(self) -> int:
        """Reported campaigns that hold accounts of several known ones."""
        return sum(len(campaign.known) > 1 for campaign in self.reported_campaigns)

    def as_dict(self) -> dict[str, Any]:
        """Return everything for JSON; the same case and labels give the same dictionary."""
        return {
            "min_grade": self.min_grade,
            "accounts": _plain(self.score),
            "by_grade": _plain(self.by_grade),
            "campaigns": {"found": self.found.as_dict(), "n_split": self.n_split, "n_merged": self.n_merged},
            "known_campaigns": _plain(self.known_campaigns),
            "reported_campaigns": _plain(self.reported_campaigns),
            "false_accusations_by_role": {role: share.as_dict() for role, share in self.false_accusations_by_role},
            "n_compared": self.n_compared,
            "only_in_labels": list(self.only_in_labels),
            "only_in_case": list(self.only_in_case),
        }

    def as_lines(self) -> list[str]:
        """Return the result in plain lines for a terminal; text from the case or the labels is made safe to print."""
        return _evaluation_lines(self)


def _evaluation_lines(evaluation: Evaluation) -> list[str]:
    """Return the evaluation in words, one fact per line."""
    score = evaluation.score
    lines = [
        f"Accounts compared            {evaluation.n_compared:,}",
        f"Only in labels, only in case {len(evaluation.only_in_labels):,}, {len(evaluation.only_in_case):,}",
        f"Counted as an accusation     grade {evaluation.min_grade} or stronger; intervals are exact, 95 %",
        f"Campaign accounts accused    {score.recall}",
        f"Accusations that are right   {score.precision}",
        f"Innocent accounts accused    {score.false_accusations}",
        f"Campaigns found              {evaluation.found}; split: {evaluation.n_split}, merged: {evaluation.n_merged}",
    ]
    for known in evaluation.known_campaigns:
        state = "found" if known.is_found else "not found"
        pieces = ", ".join(f"{show(name)} {count:,}" for name, count in known.pieces) or "nowhere"
        lines.append(f"  known    {show(known.campaign_id)}: {state}, accounts {known.recall}, in {pieces}")
    lines.extend(
        f"  reported {show(reported.campaign_id)} ({reported.grade}): {reported.n_accounts:,} accounts, innocent {reported.n_innocent:,}, "
        f"unlabelled {reported.n_unlabelled:,}, purity {reported.purity}"
        for reported in evaluation.reported_campaigns
    )
    lines.append("Innocent accounts accused, by role:")
    lines.extend(f"  {show(role)}: {share}" for role, share in evaluation.false_accusations_by_role)
    lines.append("Innocent accounts accused, by lowest grade:")
    lines.extend(
        f"  {each.grade}: {each.false_accusations}; campaign accounts accused {each.recall}"
        for each in evaluation.by_grade
    )
    return lines


def _plain(value: object) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Return a result as JSON holds it: fields by name, pieces by campaign."""
    if isinstance(value, Proportion):
        return value.as_dict()
    if isinstance(value, Piece):
        return value._asdict()
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    return [_plain(each) for each in value] if isinstance(value, tuple) else value
