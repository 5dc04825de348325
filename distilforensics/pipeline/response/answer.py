"""Holds every stated message against the logs of a case, and drafts an answer with its rows and with what speaks for the accused."""

from __future__ import annotations

import importlib.resources
import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from distilforensics.case.engines.duckdb import connect
from distilforensics.case.tables import read_rows
from distilforensics.core import units
from distilforensics.core.errors import CaseError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb

    from distilforensics.case.engines.duckdb import Limits
    from distilforensics.case.layout import Case
    from distilforensics.pipeline.response.accusation import Accusation, Message

MAX_APART = timedelta(minutes=10)
"""Two clocks of one call: a gateway notes its begin, a provider its end, and long answers take minutes."""

MIN_WITH_ID = 0.9
"""Share of the calls that must carry an id before one that is not found says something."""


class Found(StrEnum):
    """What the logs say of one stated message."""

    AS_STATED = "found as stated"
    DIFFERENT = "found, and differs from what is stated"
    SEVERAL = "several calls carry this id"
    ABSENT = "not in these logs"
    UNKNOWN = "the log cannot tell"


class Draft(StrEnum):
    """What a person may answer for one message, as a draft."""

    CONSISTENT = "consistent with the accusation"
    SHARED_OPERATION = "operated together, purpose unknown"
    NO_SIGN = "no sign of it in these logs"
    NOT_OURS = "not a call of these logs"
    CANNOT_TELL = "cannot be told from these logs"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The draft for one message."""

    message_id: str
    found: Found
    draft: Draft
    differences: tuple[str, ...]
    reason: str
    calls: tuple[Mapping[str, Any], ...]
    """Rows that are cited: record_id, source, line, raw_sha256, account_id, started_at, model, status."""


@dataclass(frozen=True, slots=True)
class Response:
    """The whole draft."""

    accusation: Accusation
    coverage: Mapping[str, Any]
    verdicts: tuple[Verdict, ...]
    accounts: tuple[Mapping[str, Any], ...]
    """The accounts of the stated calls, each with `for_the_accused` and `against_the_accused`."""
    linked: tuple[Mapping[str, Any], ...]
    """Other accounts that hang together with them: account_id, ties, n_exchanges."""


def respond(case: Case, accusation: Accusation, limits: Limits) -> Response:
    """Return a draft of the answer to an accusation.

    Raises:
        CaseError: a stage that the answer needs has not run.
    """
    sources = {row["source_sha256"]: row["path"] for row in read_rows(case, "sources", ["source_sha256", "path"])}
    needed = ["exchanges", "accounts", "account_profiles", "customers", "cluster_members", "work_ties"]
    with connect(case, limits=limits, tables=needed) as connection:
        (coverage,) = _rows(connection, "coverage", {})
        if not coverage["n_exchanges"]:
            raise CaseError("holds no exchange", where=str(case.root), hint="distilforensics run LOGS... --case DIR")
        calls: dict[str, list[dict[str, Any]]] = {}
        for row in _rows(connection, "calls", {"ids": [message.message_id for message in accusation.messages]}):
            row["source"] = sources.get(row.pop("source_sha256"))
            calls.setdefault(row.pop("message_id"), []).append(row)
        names = sorted({row["account_id"] for rows in calls.values() for row in rows if row["account_id"]})
        accounts = {row["account_id"]: row for row in _rows(connection, "accounts", {"accounts": names})}
        linked = _rows(connection, "linked", {"accounts": names})
    verdicts = [
        _verdict(message, calls.get(message.message_id, []), accounts, coverage) for message in accusation.messages
    ]
    return Response(
        accusation, coverage, tuple(verdicts), tuple(map(_with_both_sides, accounts.values())), tuple(linked)
    )


def _rows(connection: duckdb.DuckDBPyConnection, name: str, values: dict[str, object]) -> list[dict[str, Any]]:
    query = (importlib.resources.files(__package__) / f"{name}.sql").read_text(encoding="utf-8")
    result = connection.execute(query, values)
    columns = [column[0] for column in result.description or ()]
    return [dict(zip(columns, row, strict=True)) for row in result.fetchall()]


def _verdict(
    message: Message,
    calls: list[dict[str, Any]],
    accounts: Mapping[str, Mapping[str, Any]],
    coverage: Mapping[str, Any],
) -> Verdict:
    if not calls:
        return _absent(message, coverage)
    compared = [(_differences(message, call), call) for call in calls]
    differences = min((found for found, _ in compared), key=len)
    agreeing = [call for found, call in compared if len(found) == len(differences)]
    cited = tuple({key: value for key, value in call.items() if not key.endswith("_text")} for call in agreeing)
    if len(agreeing) > 1:
        reason = f"{units.count(len(agreeing))} calls carry this id and fit equally well, so that none of them is known to be the one that is meant."
        return Verdict(message.message_id, Found.SEVERAL, Draft.CANNOT_TELL, tuple(differences), reason, cited)
    found = Found.DIFFERENT if differences else Found.AS_STATED
    draft, reason = _of_account(accounts.get(agreeing[0]["account_id"] or ""))
    return Verdict(message.message_id, found, draft, tuple(differences), reason, cited)


def _absent(message: Message, coverage: Mapping[str, Any]) -> Verdict:
    n, n_with_id = coverage["n_exchanges"], coverage["n_with_id"]
    first, last = coverage["first_seen"], coverage["last_seen"]
    if n_with_id < MIN_WITH_ID * n:
        found, draft = Found.UNKNOWN, Draft.CANNOT_TELL
        reason = f"Only {units.count(n_with_id)} of {units.count(n)} calls carry an id of the provider."
    elif message.at is None:
        found, draft = Found.UNKNOWN, Draft.CANNOT_TELL
        reason = f"No call carries this id. When it was sent is not stated, and these logs reach from {first} to {last} UTC only."
    elif first is None or not first - MAX_APART <= message.at <= last + MAX_APART:
        found, draft = Found.UNKNOWN, Draft.CANNOT_TELL
        reason = f"It is stated for {message.at} UTC, and these logs reach from {first} to {last} UTC."
    else:
        found, draft = Found.ABSENT, Draft.NOT_OURS
        reason = f"No call carries this id, though {units.count(n_with_id)} of {units.count(n)} calls carry one and the logs cover its time."
    return Verdict(message.message_id, found, draft, (), reason, ())


def _differences(message: Message, call: Mapping[str, Any]) -> list[str]:
    """Return what is stated and the log contradicts; what the log does not carry contradicts nothing."""
    found = []
    models = [name for name in (call["model"], call["model_requested"]) if name]
    if message.model and models and not any(_same_model(message.model, name) for name in models):
        found.append(f"model: stated {message.model}, logged {models[0]}")
    if message.at and call["started_at"] and abs(message.at - call["started_at"]) > MAX_APART:
        found.append(f"time: stated {message.at}, logged {call['started_at']} UTC")
    if message.api_key_id and call["api_key_id"] and message.api_key_id != call["api_key_id"]:
        found.append("key: another one is logged")
    for name, stated, logged in (
        ("request", message.request, call["prompt_text"]),
        ("answer", message.response, call["response_text"]),
    ):
        if stated and logged and _plain(stated) not in _plain(logged) and _plain(logged) not in _plain(stated):
            found.append(f"{name}: the text that is logged is another one")
    return found


def _same_model(stated: str, logged: str) -> bool:
    """Compare without the provider's prefix and without the date or version behind the name."""
    one, other = (re.sub(r"[@:-]\d{8}.*$|:\d+$", "", name.lower().rpartition("/")[2]) for name in (stated, logged))
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().casefold()


def _of_account(account: Mapping[str, Any] | None) -> tuple[Draft, str]:
    if account is None:
        return Draft.CANNOT_TELL, "The log does not name the account of this call."
    name, campaign, grade = account["account_id"], account["campaign_id"], account["grade"] or ""
    own = account["n_campaign_exchanges"] or 0
    if campaign and grade in {"strong", "moderate", "weak"}:
        return (
            Draft.CONSISTENT,
            f"Account {name} is in campaign {campaign} (grade {grade}): {units.count(own)} of its {units.count(account['n_exchanges'])} calls.",
        )
    if grade.startswith("one operator"):
        return Draft.SHARED_OPERATION, f"Account {name} is in a group that one operator runs; what for is not known."
    return (
        Draft.NO_SIGN,
        f"Account {name} is in no campaign. That says what these logs show, and not what the call was for.",
    )


def _with_both_sides(account: Mapping[str, Any]) -> dict[str, Any]:
    """Add what speaks for and against whoever holds an account, as statements about its own calls."""
    n = account["n_exchanges"] or 0
    innocent, against = [], []
    if n and account["n_campaign_exchanges"]:
        against.append(
            f"{units.count(account['n_campaign_exchanges'])} of its {units.count(n)} calls belong to {account['campaign_id']} ({account['grade']})"
        )
        if account["n_campaign_exchanges"] < n:
            innocent.append(
                f"{units.count(n - account['n_campaign_exchanges'])} of its {units.count(n)} calls are other traffic"
            )
    if not account["campaign_id"]:
        innocent.append("no campaign and no group of accounts that were operated together holds it")
    prompts, known = account["n_distinct_prompts"], account["n_with_prompt"]
    if prompts and known and prompts < 0.8 * known:
        innocent.append(f"it repeats itself: {units.count(prompts)} different prompts in {units.count(known)} calls")
    hours = account["n_active_hours_of_week"]
    if hours is not None and n:
        side = innocent if hours <= 60 else against if hours > 120 else None
        if side is not None:
            side.append(f"it was active in {units.count(hours)} of the 168 hours of a week")
    if account["n_limited"]:
        against.append(f"{units.count(account['n_limited'])} of its calls were refused for limits")
    return {**account, "for_the_accused": innocent, "against_the_accused": against}


def counts(response: Response) -> dict[str, dict[str, int]]:
    """Return how many messages have each outcome and each draft."""
    return {
        "found": {kind.value: sum(v.found is kind for v in response.verdicts) for kind in Found},
        "draft": {kind.value: sum(v.draft is kind for v in response.verdicts) for kind in Draft},
    }


def as_data(response: Response) -> dict[str, Any]:
    """Return the draft as JSON-ready data; docs/how-to/answer-an-accusation.md has its shape."""
    return {
        "accusation": {
            "file": response.accusation.name,
            "case_ids": list(response.accusation.case_ids),
            "policy_categories": list(response.accusation.categories),
            "n_messages": len(response.accusation.messages),
        },
        "coverage": dict(response.coverage),
        "counts": counts(response),
        "verdicts": [
            {
                "message_id": v.message_id,
                "found": v.found.value,
                "draft": v.draft.value,
                "differences": list(v.differences),
                "reason": v.reason,
                "calls": [dict(call) for call in v.calls],
            }
            for v in response.verdicts
        ],
        "accounts": [dict(account) for account in response.accounts],
        "linked_accounts": [dict(row) for row in response.linked],
    }


def as_markdown(response: Response, seal: str) -> str:
    """Return the draft as a document to be edited by a person."""
    first, last = response.coverage["first_seen"], response.coverage["last_seen"]
    said = response.accusation
    lines = [
        "# Draft of an answer",
        "",
        "Made from the logs. It decides nothing: a person has to read it, add what the logs cannot know, and answer.",
        "",
        f"- Accusation: `{_cell(said.name)}`, {len(said.messages)} messages"
        + (f", cases {_cell(', '.join(said.case_ids))}" if said.case_ids else ""),
        f"- Categories stated: {_cell(', '.join(said.categories)) or 'none'}",
        f"- Logs: {units.count(response.coverage['n_exchanges'])} calls from {first} to {last} UTC",
        f"- Custody hash of the case: `{seal}`",
        "",
        "## Messages",
        "",
        "| message | in the logs | draft | why | record |",
        "|---|---|---|---|---|",
    ]
    for v in response.verdicts:
        why = " ".join([v.reason, *(f"Differs in {text}." for text in v.differences)])
        records = ", ".join(f"`{call['record_id']}`" for call in v.calls[:3])
        lines.append(f"| `{_cell(v.message_id)}` | {v.found} | {v.draft} | {_cell(why)} | {records} |")
    lines += ["", "## Accounts behind these messages", ""]
    for account in response.accounts:
        lines.append(f"- `{_cell(account['account_id'])}`, {units.count(account['n_exchanges'])} calls")
        lines += [f"  - for the accused: {_cell(text)}" for text in account["for_the_accused"]]
        lines += [f"  - against the accused: {_cell(text)}" for text in account["against_the_accused"]]
    lines += ["", "## Other accounts that hang together with them", ""]
    lines += [f"- `{_cell(row['account_id'])}`: {_cell('; '.join(row['ties']))}" for row in response.linked] or [
        "None."
    ]
    lines += [
        "",
        "## What these logs cannot show",
        "",
        "- What an answer was used for.",
        "- Calls that went past these logs: other keys, other gateways, accounts of other people.",
        "- Whether somebody else used a key. Ask its holder, and look for use from places that are not yours.",
        "",
        "Print a cited record with `distilforensics cite CASE RECORD`; its bytes are hashed again.",
        "",
    ]
    return "\n".join(lines)


def _cell(text: str) -> str:
    """Return a text from a log or an accusation so that it is no markup."""
    from distilforensics.core.text import show

    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", show(str(text)).replace("\n", " "))[:500]


def most_concerned(response: Response, n: int) -> Sequence[Verdict]:
    """Return the first verdicts to be read: those that are consistent with the accusation, then those that differ."""
    order = {draft: place for place, draft in enumerate(Draft)}
    return sorted(response.verdicts, key=lambda v: (order[v.draft], not v.differences))[:n]
