"""What the report says: one typed result, read from the tables of the case. Renderers lay it out and compute nothing.

This module alone knows in which tables findings stand; the rest of the report works with the classes below.
"""

from __future__ import annotations

import importlib.resources
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

    from distilforensics.report.ledger import Ledger

FRAME_CHARS = 24
"""A shorter beginning or end that all prompts share is a coincidence, and no instruction."""

SHOWN_BY = {
    "handover": "handover",
    "takeover": "handover",
    "manner": "handover",
    "conversation": "conversation",
    "answer": "answer",
    "rewording": "frame",
    "frame": "frame",
    "purpose": "frame",
    "attested": "reasoning",
    "evasion.model_pivot": "model",
    "harvest.output_harvest_ratio": "output",
    "structure.template_span": "frame",
    "harvest.cot_elicitation": "frame",
}
"""Fact or test to the kind of records that show what it states. Others state counts over all requests, which no single record shows."""

TIES = ("payment", "signup", "network")
"""Facts of identity that one paragraph states together."""

_NOT_COUNTED = "Below the floor, not counted."


@dataclass(frozen=True, slots=True)
class Fact:
    """One mechanism that a group shows, however many tests see it."""

    fact_id: str
    title: str
    statement: str
    standing: str
    """Why it does not count, or which innocent causes a telling fact excludes; empty for what products and fleets show as well."""
    shown_by: str
    """Kind of the records that show it, as in the query `shown_by`; empty if it is a count over many."""
    row: Row


@dataclass(frozen=True, slots=True)
class Statement:
    """Something else that was observed on a campaign: a test that fired, other traffic, what could not be judged."""

    source: str
    side: str
    text: str
    shown_by: str
    row: Row


@dataclass(frozen=True, slots=True)
class Explanation:
    """A harmless explanation and what the log says about it."""

    explanation_id: str
    title: str
    outcome: str
    """excluded, in part, fits or cannot tell"""
    because: Sequence[str]
    """Short sentences with the numbers that decide."""
    ask: str
    """Whom to ask what; empty if it is excluded."""
    is_capping: bool
    """Whether the group may be one operator's own by it."""
    can_cap: bool
    """Whether it would keep a group from being reported if it fitted."""


@dataclass(frozen=True, slots=True)
class Group:
    """A group that is run as one and not reported, since the accounts may be one operator's own. Nobody is accused."""

    row: Row
    facts: Sequence[Fact]
    explanations: Sequence[Explanation]

    @property
    def capping(self) -> list[Explanation]:
        """Explanations by which the accounts are one operator's own, that fit or stay open."""
        return [x for x in self.explanations if x.is_capping]


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign with everything that is printed about it."""

    campaign_id: str
    row: Row
    answer: Row
    reasons: Sequence[str]
    """Names of the reasons that hold here, strongest first: succession, handover, ties, load, same, or the id of another fact."""
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
    wording: Row
    """With `n_texts`, the requests that carry the most frequent of its texts."""
    part_place: str
    part_text: str
    """What these have in common, where not all of the campaign's requests have something; empty without text."""
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
    statements: Sequence[Statement]
    stability: Sequence[Row]
    stability_counts: Row
    formation: Row
    """How its accounts were found; empty without steps."""
    strip: Sequence[Row]
    names: Mapping[str, str]
    """Account id to the short name that stands in figures and tables."""

    @property
    def has_text_frame(self) -> bool:
        """Whether its requests share a text, and not only a way of calling."""
        return any(row["kind"] in text_kinds() for row in self.frames)

    @property
    def is_worded_alike(self) -> bool:
        """Whether some of its requests are known by likeness alone, so that not all share the same words."""
        return any(row["kind"] == "near" for row in self.frames)

    @property
    def says_word_for_word(self) -> bool:
        """Whether hand-overs were followed by the prompt itself, and not by the size of the request alone."""
        return bool(self.handover.get("n_shapes") == 0 and self.handover["n_moved"])

    def fact(self, fact_id: str) -> Fact | None:
        """Return a fact that counts; none if the campaign does not show it, or not enough of it."""
        return next((fact for fact in self.facts if fact.fact_id == fact_id and fact.row["is_counted"]), None)


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
    health: Sequence[Row] = ()
    """What is wrong with the log and costs something, the most expensive first."""
    n_health: int = 0
    """Checks that were made."""
    usage: Sequence[Row] = ()
    """What usage exports state beside the log; none without such an export."""

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
    explained: Sequence[Group]
    """Groups that are run as one and not reported, the largest first."""
    explained_totals: Row
    power: Sequence[Row]
    power_totals: Row | None
    error_rates: Sequence[Row]
    tests: Sequence[Row]
    notes: Sequence[Mapping[str, Any]]
    """What people noted about the case, oldest first."""
    review: Sequence[Mapping[str, Any]]
    """The last status of everything that was noted about, one row each."""


def read_log(ledger: Ledger, *, has_health: bool = False, has_usage: bool = False) -> Log:
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
        health=ledger.rows("health") if has_health else (),
        n_health=len(ledger.rows("health_all", is_drawn=True)) if has_health else 0,
        usage=ledger.rows("usage_totals") if has_usage else (),
    )


def read_group(ledger: Ledger, row: Row) -> Group:
    """Return one group that is run as one and not reported, from its row of the query `explained`."""
    name = row["group_id"]
    return Group(
        row=row,
        facts=[_fact(found) for found in ledger.rows("facts", campaign_id=name)],
        explanations=[_explanation(found) for found in ledger.rows("explanations", campaign_id=name)],
    )


def read_campaign(ledger: Ledger, row: Row, prices: Mapping[str, Mapping[str, float]]) -> Campaign:
    """Return one campaign."""
    name = row["campaign_id"]

    def rows(query: str) -> list[Row]:
        return ledger.rows(query, campaign_id=name)

    (answer,), (load,), (cost,) = rows("answer"), rows("load_totals") or [Row()], rows("taken_cost")
    (handover,) = rows("handover_totals")
    ties = {tie["kind"]: tie for tie in rows("ties_totals")}
    frames = rows("frame")
    pairs = rows("handover_pairs") if handover["n_moved"] else []
    facts = [_fact(found) for found in rows("facts")]
    reasons = _reasons(facts, load, frames)
    if not handover["n_moved"]:
        (handover,) = rows("succession_totals")
        pairs = rows("succession_pairs") if _is_moved_often(handover) else []
        reasons = (["succession"] if pairs else []) + reasons
    (edges,) = rows("frame_edges")
    place, text = _common_text(edges)
    (wording,) = rows("wording")
    part_place, part_text = _common_text(wording) if not text else ("", "")
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
        tie_pair=ledger.rows("tie_pair", is_kept=True, campaign_id=name), frames=frames, frame_text=text, frame_place=place, edges=edges,
        wording=wording, part_place=part_place, part_text=part_text, models=rows("taken_models"),
        marks=rows("taken_marks"), cost=cost, value=_value(ledger, name, prices), samples=samples,
        explanations=[_explanation(found) for found in rows("explanations")], explanation_counts=rows("explanation_counts")[0],
        facts=facts, fact_counts=rows("fact_counts")[0], statements=[_statement(found) for found in rows("statements")],
        stability=rows("stability"), stability_counts=rows("stability_counts")[0],
        formation=(rows("formation") or [Row()])[0], strip=strip, names=short_names(seen),
    )  # fmt: skip


def _reasons(facts: Sequence[Fact], load: Row, frames: Sequence[Row]) -> list[str]:
    """Return the reasons that hold: the facts that count, telling ones first, those that one paragraph states together once."""
    is_narrow = load and load["n_inside"] >= 10 and 2 * load["n_inside"] >= load["n_senders"]
    paragraphs = dict.fromkeys(TIES, "ties")
    paragraphs |= {"scheduler": "load"} if is_narrow else {}
    paragraphs |= dict.fromkeys(("frame", "rewording"), "same") if frames else {}
    counted = sorted((f for f in facts if f.row["is_counted"]), key=lambda f: not f.row["is_telling"])
    return list(dict.fromkeys(paragraphs.get(f.fact_id, f.fact_id) for f in counted if f.fact_id != "purpose"))


def _is_moved_often(row: Row) -> bool:
    """Tell whether failures are followed by another account clearly more often than answers are; a log that marks no answer gives no control."""
    if row["n_failed"] < 10 or not row["n_answered"]:
        return False
    return bool(row["moved_percent"] >= 40 and row["moved_percent"] >= 3 * row["answered_moved_percent"])


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


def _explanation(row: Row) -> Explanation:
    asks: dict[str, str] = fixed_text("asks")
    ask = row["ask"] or asks.get(row["explanation_id"].removeprefix("confounder."), "")
    return Explanation(
        explanation_id=row["explanation_id"],
        title=row["title"],
        outcome=row["outcome"],
        because=[row["statement"]] if row["can_cap"] else short_sentences(row["statement"]),
        ask=ask if row["outcome"] != "excluded" else "",
        is_capping=row["is_capping"],
        can_cap=row["can_cap"],
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
    standing = f"Not produced by: {row['excludes']}." if row["is_telling"] else ""
    if not row["is_counted"]:
        standing = _NOT_COUNTED
    return Fact(
        fact_id=row["fact_id"], title=row["title"], statement=row["statement"], standing=standing,
        shown_by=SHOWN_BY.get(row["fact_id"], ""), row=row,
    )  # fmt: skip


def _statement(row: Row) -> Statement:
    return Statement(row["source"], row["side"], row["statement"], SHOWN_BY.get(row["source"], ""), row)


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
