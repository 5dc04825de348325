"""Evidence for and against as the assessment wrote it down, and the groups that were explained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from distilforensics.report.chapters.heuristics import FAMILIES
from distilforensics.report.chapters.work import sentence
from distilforensics.report.context import Evidence, ExplainedGroup

if TYPE_CHECKING:
    from collections.abc import Mapping

    from distilforensics.report.chapters.work import Work


def collect(work: Work, words: Mapping[str, str]) -> dict[str, list[Evidence]]:
    """Return campaign or group id -> evidence, for first, then against, then neutral."""
    found: dict[str, list[Evidence]] = {}
    for row in work.rows("evidence"):
        found.setdefault(row["campaign_id"], []).append(
            Evidence(
                side=row["side"],
                claim=row["claim"],
                source=row["source"],
                title=work.titles.get(row["source"]) or in_words(row["source"], words),
                entity_id=row["entity_id"] or "",
                statement=sentence(row["statement"]),
                n_exchanges=row["n_exchanges"],
                n_accounts=row["n_accounts"],
                is_rebutted=row["is_rebutted"],
                record_ids=row["record_ids"] or (),
            )
        )
    return {name: sorted(pieces, key=_rank) for name, pieces in found.items()}


def _rank(piece: Evidence) -> tuple[bool, int, str, str]:
    """Heuristics by family first, benign explanations after them."""
    family = piece.source.partition(".")[0]
    place = FAMILIES.index(family) if family in FAMILIES else len(FAMILIES)
    return piece.is_explanation, place, piece.source, piece.entity_id


def explained(work: Work, found: Mapping[str, list[Evidence]], words: Mapping[str, str]) -> list[ExplainedGroup]:
    """Return the groups that were examined and not reported as campaigns."""
    return [
        ExplainedGroup(
            group_id=row["group_id"],
            n_accounts=row["n_accounts"],
            n_exchanges=row["n_exchanges"],
            explanation="; ".join(in_words(part, words) for part in row["explanation"].split(", ")),
            statement=sentence(row["statement"]),
            heuristics=[work.titles.get(name, name) for name in row["heuristics"] or ()],
            evidence=found.get(row["group_id"], []),
        )
        for row in work.rows("explained_groups")
    ]


def in_words(identifier: str, words: Mapping[str, str]) -> str:
    """Return the title of an id such as confounder.one_tenant, or its last part with blanks."""
    return words.get(identifier) or identifier.rpartition(".")[2].replace("_", " ").capitalize()
