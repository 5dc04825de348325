"""What the report says: one typed result, read from the tables of the case. Renderers lay it out and compute nothing.

This module alone knows in which tables findings stand; the rest of the report works with the classes below.
"""

from __future__ import annotations

import importlib.resources
import json
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from distilforensics.analysis.kinds import text_kinds
from distilforensics.report.ledger import Row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from distilforensics.case.layout import Case
    from distilforensics.report.ledger import Ledger

FRAME_CHARS = 24
"""A shorter beginning or end that all prompts share is a coincidence, and no instruction."""

SHOWN_BY = {
    "coordination.failover_reissue": "reissue",
    "coordination.handover_partner": "reissue",
    "coordination.limit_handover": "succession",
    "evasion.model_pivot": "model",
    "harvest.output_harvest_ratio": "output",
    "harvest.output_volume": "output",
    "structure.template_entropy": "frame",
    "structure.template_span": "frame",
    "structure.one_shot": "frame",
    "structure.fixed_injection": "frame",
    "harvest.cot_elicitation": "frame",
}
"""Test to the kind of records that show what it states. Other tests state counts over all requests, which no single record shows."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing found about a campaign, for or against."""

    source: str
    side: str
    title: str
    statement: str
    bears_grade: bool
    shown_by: str
    """Kind of the records that show it, as in the query `shown_by`; empty if it is a count over many."""
    row: Row

    @property
    def is_silent_test(self) -> bool:
        """Whether it is a test that looked and did not fire; that is the absence of one sign, and no sign of innocence."""
        return self.statement.startswith("Did not fire.")


@dataclass(frozen=True, slots=True)
class Explanation:
    """A harmless explanation and what the log says about it."""

    explanation_id: str
    title: str
    outcome: str
    """excluded, fits in part, or cannot tell"""
    because: Sequence[str]
    """Short sentences with the numbers that decide."""
    ask: str
    """Whom to ask what; empty if it is excluded."""


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign with everything that is printed about it."""

    campaign_id: str
    row: Row
    answer: Row
    reasons: Sequence[str]
    """Names of the reasons that hold here, strongest first: handover, succession, load, ties, same."""
    handover: Row
    pairs: Sequence[Row]
    load: Row
    ties: Mapping[str, Row]
    tie_pair: Sequence[Row]
    frames: Sequence[Row]
    frame_text: str
    """What all prompts have in common, as it stands in the log; empty without text."""
    frame_place: str
    """Where it stands: begin or end."""
    edges: Row
    """With `n_texts`, the requests whose prompt stands in the log."""
    models: Sequence[Row]
    marks: Sequence[Row]
    cost: Row
    value: Row | None
    """Value at the price table of the case; none without one."""
    samples: Sequence[Row]
    explanations: Sequence[Explanation]
    explanation_counts: Row
    facts: Sequence[Fact]
    fact_counts: Row
    stability: Sequence[Row]
    strip: Sequence[Row]
    names: Mapping[str, str]
    """Account id to the short name that stands in figures and tables."""

    @property
    def has_text_frame(self) -> bool:
        """Whether its requests share a text, and not only a way of calling."""
        return any(row["kind"] in text_kinds() for row in self.frames)

    @property
    def says_word_for_word(self) -> bool:
        """Whether hand-overs were followed by the prompt itself."""
        return "handover" in self.reasons


@dataclass(frozen=True, slots=True)
class Log:
    """The log: size, balance, gaps, columns, tests that it allows."""

    totals: Row
    sources: Sequence[Row]
    gaps: Sequence[Row]
    columns: Sequence[Row]
    quarantined: Sequence[Row]
    texts: Row
    tests: Row
    groups: Row
    days: Sequence[Row]

    @property
    def has_text(self) -> bool:
        """Whether any prompt stands in the log."""
        return bool(self.texts["n_prompts"])


@dataclass(frozen=True, slots=True)
class Result:
    """Everything that the report prints."""

    header: Mapping[str, str]
    seals: Mapping[str, str]
    log: Log
    totals: Row
    campaigns: Sequence[Campaign]
    """Campaigns printed in full, strongest first."""
    listed: Sequence[Row]
    """All campaigns, one row each."""
    explained: Sequence[Row]
    power: Sequence[Row]
    power_totals: Row | None
    error_rates: Sequence[Row]
    tests: Sequence[Row]


def read_log(ledger: Ledger) -> Log:
    """Return what is printed about the log."""
    return Log(
        totals=ledger.one("log_totals"),
        sources=ledger.rows("log_sources"),
        gaps=ledger.rows("log_gaps"),
        columns=ledger.rows("log_columns"),
        quarantined=ledger.rows("quarantined"),
        texts=ledger.one("texts"),
        tests=ledger.one("test_counts"),
        groups=ledger.one("groups_examined"),
        days=ledger.rows("log_days"),
    )


def read_campaign(
    ledger: Ledger, row: Row, titles: Mapping[str, str], prices: Mapping[str, Mapping[str, float]]
) -> Campaign:
    """Return one campaign.

    Args:
        ledger: The queries.
        row: Its row of the query `campaigns`.
        titles: Id of a harmless explanation to its title.
        prices: Model to price per million tokens of input and output.
    """
    name = row["campaign_id"]

    def rows(query: str) -> list[Row]:
        return ledger.rows(query, campaign_id=name)

    (answer,), (load,), (cost,) = rows("answer"), rows("load_totals") or [Row()], rows("taken_cost")
    (handover,) = rows("handover_totals")
    ties = {tie["kind"]: tie for tie in rows("ties_totals")}
    frames = rows("frame")
    pairs = rows("handover_pairs") if handover["n_moved"] else []
    reasons = _reasons(handover, load, ties, frames, answer)
    if not handover["n_moved"]:
        (handover,) = rows("succession_totals")
        pairs = rows("succession_pairs") if _is_moved_often(handover) else []
        reasons = (["succession"] if pairs else []) + reasons
    (edges,) = rows("frame_edges")
    place, text = _common_text(edges)
    samples = rows("taken_samples")
    for asked in (*pairs, *samples):
        asked["task"] = _without(asked.get("prompt_text") or "", text, place)
    accounts = [member["account_id"] for member in rows("tie_members")]
    strip = rows("strip_accounts")
    seen = {
        *accounts,
        *(r["account_id"] for r in strip),
        *(p[k] for p in pairs for k in ("account_id", "next_account")),
    }
    return Campaign(
        campaign_id=name, row=row, answer=answer, reasons=reasons, handover=handover, pairs=pairs, load=load, ties=ties,
        tie_pair=rows("tie_pair"), frames=frames, frame_text=text, frame_place=place, edges=edges, models=rows("taken_models"),
        marks=rows("taken_marks"), cost=cost, value=_value(ledger, name, prices), samples=samples,
        explanations=[_explanation(found, titles) for found in rows("explanations")],
        explanation_counts=rows("explanation_counts")[0],
        facts=[_fact(found) for found in rows("facts")],
        fact_counts=rows("fact_counts")[0], stability=rows("stability"), strip=strip, names=short_names(seen),
    )  # fmt: skip


def _reasons(handover: Row, load: Row, ties: Mapping[str, Row], frames: Sequence[Row], answer: Row) -> list[str]:
    """Return the reasons that hold, strongest first."""
    found = []
    if handover["n_failed"] >= 10 and 2 * handover["n_moved"] >= handover["n_failed"]:
        found.append("handover")
    if load and 2 * load["n_inside"] >= load["n_senders"] and load["n_inside"] >= 10:
        found.append("load")
    if any(is_telling(ties.get(kind)) for kind in ("payment", "signup", "address")):
        found.append("ties")
    if frames and frames[0]["n_accounts"] <= 2 * answer["n_senders"]:
        found.append("same")
    return found


def _is_moved_often(row: Row) -> bool:
    """Tell whether failures are followed by another account clearly more often than answers are."""
    return bool(
        row["n_failed"] >= 10
        and row["moved_percent"] >= 40
        and row["moved_percent"] >= 3 * row["answered_moved_percent"]
    )


def is_telling(tie: Row | None) -> bool:
    """Tell whether members share values of a kind, and others hardly do."""
    return (
        tie is not None
        and (tie["members_percent"] or 0) >= 40
        and (tie["members_percent"] or 0) >= 3 * (tie["others_percent"] or 0)
    )


def _common_text(edges: Row) -> tuple[str, str]:
    """Return where all prompts of a campaign have a text in common, and that text."""
    begin = _common_beginning(edges["first_begin"] or "", edges["last_begin"] or "")
    end = _common_beginning(edges["first_end"] or "", edges["last_end"] or "")[::-1]
    place, text = ("begin", begin) if len(begin) >= len(end) else ("end", end)
    return (place, text.strip()) if len(text) >= FRAME_CHARS else ("", "")


def _common_beginning(first: str, second: str) -> str:
    same = takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False))
    return "".join(character for character, _ in same)


def _without(prompt: str, frame: str, place: str) -> str:
    """Return a prompt without what all prompts of the campaign have in common, and without the rest of that paragraph."""
    at = prompt.find(frame) if frame else -1
    if at < 0:
        return prompt
    rest = prompt[at + len(frame) :] if place == "begin" else prompt[:at]
    _, _, behind = rest.partition("\n\n")
    return (behind if place == "begin" and behind.strip() else rest).strip()


def _value(ledger: Ledger, name: str, prices: Mapping[str, Mapping[str, float]]) -> Row | None:
    """Return what the campaign's tokens cost at the price table of the case."""
    if not prices:
        return None
    models = sorted(prices)
    columns = {f"{side}_prices": [prices[model][side] for model in models] for side in ("input", "output")}
    return ledger.one("taken_value", campaign_id=name, models=models, **columns)


def _explanation(row: Row, titles: Mapping[str, str]) -> Explanation:
    name = row["explanation_id"]
    asks: dict[str, str] = fixed_text("asks")
    return Explanation(
        explanation_id=name,
        title=titles.get(name, name.replace("_", " ")),
        outcome=row["outcome"],
        because=short_sentences(row["statement"]),
        ask=asks.get(name, "") if row["outcome"] != "excluded" else "",
    )


def short_sentences(statement: str) -> list[str]:
    """Return the parts of a statement behind its verdict as sentences of their own."""
    _, colon, rest = statement.partition(": ")
    parts = re.split(
        r"(?:, |; )(?=\d|the |it |its |at |there |on |texts|prompts|tokens|models|end users|customers|temperatures|but )",
        rest if colon else statement,
    )
    return [part[:1].upper() + part[1:].rstrip(".") + "." for part in parts if part]


def _fact(row: Row) -> Fact:
    return Fact(
        source=row["source"], side=row["side"], title=row["title"], statement=row["statement"],
        bears_grade=row["bears_grade"], shown_by=SHOWN_BY.get(row["source"], ""), row=row,
    )  # fmt: skip


def explanation_titles(case: Case) -> dict[str, str]:
    """Return the titles of the harmless explanations by id without its prefix."""
    path = case.findings / "findings.json"
    written: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    checks = (written.get("assessment") or {}).get("confounders") or []
    return {entry["id"].removeprefix("confounder."): entry["title"] for entry in checks}


@cache
def fixed_text(name: str) -> Any:  # noqa: ANN401 - a list or a table, as the file is
    """Return the content of a file in texts/: sentences that do not depend on the log."""
    text = (importlib.resources.files(__package__) / "texts" / f"{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)[name]


def short_names(accounts: set[str]) -> dict[str, str]:
    """Return account id to its last characters: six, or as many as tell these accounts apart, at most 16."""
    for length in range(6, 16):
        names = {account: account[-length:] for account in sorted(accounts)}
        if len(set(names.values())) == len(names):
            return names
    return {account: f"account {place}" for place, account in enumerate(sorted(accounts), start=1)}
