"""Records of the log cited as exhibits: where each one stands in its file, its hash, and a short fenced excerpt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from distilforensics.core.text import show
from distilforensics.report.annexes import safe_name
from distilforensics.report.context import Excerpt, Exhibit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from distilforensics.report.chapters.work import Work
    from distilforensics.report.context import Evidence

EXCERPT_CHARS = 600
"""Characters of a text that are quoted; the whole record is one `cite` away."""

RESPONSE_CHARS = 300
"""Characters of system prompts and responses; the prompt is what most exhibits are about."""

EXCERPT_LINES = 16
PER_CAMPAIGN = 6
PER_TEMPLATE = 2
TEMPLATES = 3

_FACTS = (
    "account_id",
    "tenant_id",
    "started_at",
    "model",
    "status",
    "finish_reason",
    "input_tokens",
    "output_tokens",
    "source_format",
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The exhibits of all campaigns, and how many records the evidence cites in all."""

    exhibits: Mapping[str, list[Exhibit]]
    n_cited: Mapping[str, int]


def choose(work: Work, campaigns: Iterable[Mapping[str, Any]], evidence: Mapping[str, Sequence[Evidence]]) -> Chosen:
    """Return exhibits per campaign: records of each template first, then one record per piece of evidence.

    Args:
        work: The case.
        campaigns: Rows of the campaigns that get exhibits.
        evidence: Evidence by campaign id.
    """
    of_templates: dict[str, list[dict[str, Any]]] = {}
    for row in work.rows("campaign_records"):
        of_templates.setdefault(row["campaign_id"], []).append(row)
    wanted = {
        row["campaign_id"]: _wanted(of_templates.get(row["campaign_id"], []), evidence.get(row["campaign_id"], ()))
        for row in campaigns
    }
    ids = sorted({record for chosen in wanted.values() for record in list(chosen)[:PER_CAMPAIGN]})
    found = (
        {row["record_id"]: row for row in work.rows("records", record_ids=ids, read_chars=4 * EXCERPT_CHARS)}
        if ids
        else {}
    )
    exhibits = {name: _exhibits(name, chosen, found) for name, chosen in wanted.items()}
    for name, shown in exhibits.items():
        _write(work, name, shown, found)
    return Chosen(exhibits, {name: len(chosen) for name, chosen in wanted.items()})


def _wanted(records: Sequence[Mapping[str, Any]], evidence: Sequence[Evidence]) -> dict[str, list[str]]:
    """Return record id -> what it shows, in order of citation: records of the first templates, then those of the evidence in turn."""
    shows: dict[str, list[str]] = {}
    templates = list(dict.fromkeys(row["template_id"] for row in records))[:TEMPLATES]
    for row in records:
        if (
            row["template_id"] in templates
            and sum(row["template_id"] in shown for shown in shows.values()) < PER_TEMPLATE
        ):
            shows.setdefault(row["record_id"], []).append(row["template_id"])
    for place in range(max((len(piece.record_ids) for piece in evidence), default=0)):
        for piece in evidence:
            for record in piece.record_ids[place : place + 1]:
                shows.setdefault(record, []).append(piece.source)
    return {record: list(dict.fromkeys(shown)) for record, shown in shows.items()}


def _exhibits(name: str, chosen: Mapping[str, list[str]], found: Mapping[str, dict[str, Any]]) -> list[Exhibit]:
    records = [record for record in chosen if record in found][:PER_CAMPAIGN]
    return [_exhibit(name, number, found[record], chosen[record]) for number, record in enumerate(records, start=1)]


def _exhibit(name: str, number: int, row: Mapping[str, Any], shows: Sequence[str]) -> Exhibit:
    parts = (
        ("system prompt", "system", None),
        ("prompt", "prompt", row["prompt_state"]),
        ("response", "response", row["response_state"]),
    )
    excerpts = [_excerpt(part, row[f"{key}_text"], row[f"{key}_length"], state) for part, key, state in parts]
    return Exhibit(
        anchor=f"exhibit-{safe_name(name).lower()}-e{number}",
        label=f"{name}/E{number}",
        record_id=row["record_id"],
        path=row["path"] or "",
        source_line=row["source_line"],
        source_offset=row["source_offset"],
        source_length=row["source_length"],
        raw_sha256=row["raw_sha256"] or "",
        shows=shows,
        facts={key: row[key] for key in _FACTS},
        excerpts=[excerpt for excerpt in excerpts if excerpt.text or excerpt.part != "system prompt"],
    )


def _excerpt(part: str, text: str | None, length: int | None, state: str | None) -> Excerpt:
    if not text:
        return Excerpt(part=part, text="", n_shown=0, n_total=0, state=state or "not logged")
    lines = text[: EXCERPT_CHARS if part == "prompt" else RESPONSE_CHARS].split("\n")[:EXCERPT_LINES]
    n_shown = sum(map(len, lines)) + len(lines) - 1
    return Excerpt(part=part, text="\n".join(map(show, lines)), n_shown=n_shown, n_total=length or len(text), state="")


def _write(work: Work, name: str, shown: Sequence[Exhibit], found: Mapping[str, dict[str, Any]]) -> None:
    """Write the cited records with exact text as JSON lines: what the report shows escaped stands there as it is in the tables."""
    rows = [
        {"exhibit": exhibit.label, "shows": list(exhibit.shows)} | _exact(found[exhibit.record_id]) for exhibit in shown
    ]
    work.annexes.json_lines(
        f"{safe_name(name)}-exhibits",
        f"Records cited as exhibits of {name}, texts cut to {4 * EXCERPT_CHARS} characters",
        rows,
    )


def _exact(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if value is not None}
