"""Renders the catalogue's reference page from the headers and the documents beside the queries.

`python tools/generate.py pages` writes it to build/docs/heuristics.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from distilforensics.analysis.catalogue.loader import Heuristic, load_catalog
from distilforensics.analysis.kinds import kinds
from distilforensics.core.finding import Family

if TYPE_CHECKING:
    from collections.abc import Iterable

HEADINGS = (
    "Behaviour",
    "Data that shows it",
    "Assumptions",
    "How an adversary beats it",
    "Benign look-alikes",
    "What an investigator does next",
    "History",
)
"""Sections of every `.md` beside a query, in this order."""

_FAMILY_MEANING = {
    Family.STRUCTURE: "what the prompts look like as a set",
    Family.HARVEST: "whether the answers are worth collecting for training",
    Family.COORDINATION: "whether accounts act as one",
    Family.INFRASTRUCTURE: "whether accounts share what independent customers do not share",
    Family.EVASION: "whether the traffic avoids being seen",
}

_INTRODUCTION = """\
# The heuristic catalogue

This page is generated from the headers and documents of the catalogue.
Each heuristic is one SQL query with metadata, test cases and this documentation, side by side in `distilforensics/analysis/heuristics/`.
A heuristic indicates a pattern; no heuristic is a verdict, and a grade needs a conjunction over families, see `grades.md`.
A heuristic of level *lead* is shown to the investigator and never counted: innocent traffic shows the same too often.
Every parameter is an engineering choice with a reason; none is calibrated on labelled traffic of a provider.

A heuristic is *fired*, *silent*, *not evaluated* (the log lacks a column) or *inconclusive* (too little volume, or a clock too coarse for order).
Groups are the templates that several accounts share (kinds {kinds})
and the clusters of linked accounts (`cluster`).
"""


def render_markdown(heuristic: Heuristic, *, level: int = 1, is_query_shown: bool = True) -> str:
    """Return the page of one heuristic: its facts, parameters, output, document and query."""
    header = heuristic.file.header
    mark = "#" * level
    parts = [
        f"{mark} {heuristic.code} {heuristic.title}",
        f"`{heuristic.id}` version {heuristic.version}, {header['status']}, level {heuristic.level}, judges {_entity(heuristic)}.",
        header["description"],
        _facts(heuristic),
        _parameters(heuristic),
        _output(heuristic),
        _document(heuristic, level),
        _list("Benign explanations", header["falsepositives"]),
        _list("Limitations", header["limitations"]),
        _list("References", [*header["references"], *(f"`{tag}`" for tag in header["tags"])]),
        _query(heuristic, is_query_shown),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def render_catalog(heuristics: Iterable[Heuristic] | None = None) -> str:
    """Return the reference page of the whole catalogue."""
    chosen = list(load_catalog() if heuristics is None else heuristics)
    rows = [
        f"| {h.code} | [`{h.id}`](#{_anchor(h)}) | {h.title} | {h.level} | {h.entity.value} | {h.version} |"
        for h in chosen
    ]
    overview = ["| code | id | title | level | judges | version |", "|---|---|---|---|---|---|", *rows]
    names = ", ".join(f"`{name}`" for name in kinds())
    parts = [_INTRODUCTION.format(kinds=names), "\n".join(overview) + "\n"]
    for family in Family:
        members = [heuristic for heuristic in chosen if heuristic.family is family]
        if members:
            parts.append(f"## Family {family.value}: {_FAMILY_MEANING[family]}\n")
            parts += [render_markdown(heuristic, level=3, is_query_shown=False) for heuristic in members]
    return "\n".join(parts)


def _anchor(heuristic: Heuristic) -> str:
    text = f"{heuristic.code} {heuristic.title}".lower()
    return "".join(c for c in text if c.isalnum() or c in " -").replace(" ", "-")


def _entity(heuristic: Heuristic) -> str:
    return {"account": "accounts", "group": "groups of accounts", "log": "the log as a whole"}[heuristic.entity.value]


def _facts(heuristic: Heuristic) -> str:
    needs = ", ".join(" or ".join(f"`{column}`" for column in need.split("|")) for need in heuristic.needs)
    lines = [
        f"- Smallest pattern it sees: {heuristic.sentence('sees')}",
        f"- Judges: {heuristic.sentence('volume').rstrip('.')}.",
        f"- Needs per exchange: {needs}.",
        f"- Reads: {', '.join(f'`{name}`' for name in heuristic.reads)}.",
    ]
    if heuristic.requires_order:
        lines.append("- Rests on the order of exchanges: groups whose clock is too coarse for it are not judged.")
    if heuristic.requires_complete:
        lines.append("- Rests on every exchange being logged: a log that seems to be a sample is not judged.")
    return "\n".join(lines)


def _parameters(heuristic: Heuristic) -> str:
    if not heuristic.parameters:
        return ""
    rows = [f"| `{p.name}` | {p.default} | {p.unit} | {p.why} |" for p in heuristic.parameters]
    return "\n".join(["| parameter | default | unit | why |", "|---|---|---|---|", *rows])


def _output(heuristic: Heuristic) -> str:
    value = heuristic.file.header["value"]
    rows = [f"| `value` | {value['unit']} | {value['meaning']} |"]
    rows += [f"| `{output.name}` | {output.unit} | {output.meaning} |" for output in heuristic.outputs]
    return "\n".join(["| output | unit | meaning |", "|---|---|---|", *rows])


def _document(heuristic: Heuristic, level: int) -> str:
    lines = heuristic.document().splitlines()[1:]
    deeper = "#" * (level - 1)
    return "\n".join(f"{deeper}{line}" if line.startswith("#") else line for line in lines).strip()


def _query(heuristic: Heuristic, is_shown: bool) -> str:  # noqa: FBT001
    text = f"**Query** `{heuristic.place}`, SHA-256 of the normalised text `{heuristic.sha256}`"
    return f"{text}\n\n```sql\n{heuristic.body}\n```" if is_shown else text


def _list(title: str, items: list[str]) -> str:
    return f"**{title}**\n\n" + "\n".join(f"- {item}" for item in items)
