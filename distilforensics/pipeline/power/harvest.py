"""The harvesting exchanges of a planted campaign: one frame around a work list of tasks, handed out by a scheduler.

Columns, call settings, volumes and rhythm are those of the log; what the log does not carry the planted records do not carry either.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from distilforensics.pipeline.power.members import digest, source_sha256
from distilforensics.pipeline.power.parameters import PLANTING
from distilforensics.simulate import text
from distilforensics.simulate.grammar import load_vocabulary
from distilforensics.simulate.schedulers import make_scheduler

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from random import Random

    from distilforensics.pipeline.power.members import Member
    from distilforensics.pipeline.power.traffic import Traffic

_HOUR_US = 3_600_000_000
_ATTEMPTS = 4
_VOLUMES = (
    "input_tokens", "output_tokens", "reasoning_tokens", "cache_read_tokens", "cache_write_tokens", "cost_usd", "request_bytes",
    "response_bytes", "latency_ms", "prompt_chars", "response_chars",
)  # fmt: skip
_UNIQUE = ("request_id", "response_id", "trace_id", "session_id", "reasoning_signature_sha256")
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - tables hold UTC without zone


def harvest_rows(rng: Random, traffic: Traffic, members: Sequence[Member], n_requests: int) -> Iterator[dict[str, Any]]:
    """Yield the records of the campaign's own requests in order of time."""
    scheduler = make_scheduler(PLANTING.scheduler, rng, skip_share=PLANTING.skip_share)
    rests_until = [_EPOCH] * len(members)
    asked: set[str] = set()
    number = 0
    for at in _times(rng, traffic, n_requests):
        prompt = _prompt(rng, traffic.frame, asked)
        moment = at
        for _ in range(_ATTEMPTS):
            rested = [index for index, until in enumerate(rests_until) if until <= moment]
            member = members[scheduler.pick(rested or range(len(members)))]
            refusals = traffic.limited.get(member.source_format, ())
            is_limited = bool(refusals) and rng.random() < traffic.limited_share
            like = rng.choice(refusals) if is_limited else rng.choice(traffic.answered[member.source_format])
            yield _row(rng, member, like, moment, prompt, number)
            number += 1
            if not is_limited:
                break
            scheduler.limited(member.place)
            rests_until[member.place] = moment + timedelta(minutes=PLANTING.rest_minutes)
            moment += timedelta(seconds=rng.uniform(*PLANTING.reissue_seconds))


def _times(rng: Random, traffic: Traffic, n_requests: int) -> list[datetime]:
    """Return starts that follow the rhythm of the unaccused accounts, hour by hour."""
    hours = [hour for hour, _ in traffic.hours]
    drawn = rng.choices(hours, weights=[n for _, n in traffic.hours], k=n_requests)
    return sorted(hour + timedelta(microseconds=rng.randrange(_HOUR_US)) for hour in drawn)


def _prompt(rng: Random, frame: str, asked: set[str]) -> str:
    """Return the frame around a task; a task is new as long as new ones can be found."""
    grammar = text.harvest_grammar()
    domains = list(load_vocabulary("harvest")["domains"])
    task = ""
    for _ in range(20):
        task = grammar.expand(rng, rng.choice(domains), {"code": text.code_snippet(rng)})
        if task not in asked:
            break
    asked.add(task)
    return grammar.fill(rng, frame, {"task": task})


def _row(
    rng: Random, member: Member, like: Mapping[str, Any], at: datetime, prompt: str, number: int
) -> dict[str, Any]:
    """Return one record: settings of the campaign, volumes and outcome of `like`, identity of the account."""
    pattern = member.pattern
    line = 2 * number + 1
    sha256 = source_sha256(member.source_format)
    started_at = _rounded(at, pattern["time_resolution_us"])
    row = dict(pattern) | {name: like[name] for name in (*_VOLUMES, *_OUTCOME)}
    row |= {name: digest(name, number)[: len(pattern[name])] for name in _UNIQUE if pattern[name] is not None}
    row |= _identity(member, at)
    row |= {
        "record_id": f"{sha256[:16]}:{line}",
        "source_sha256": sha256,
        "source_line": line,
        "source_offset": None,
        "source_length": None,
        "sub_index": 0,
        "raw_sha256": digest("record", number),
        "started_at": started_at,
        "ended_at": None if like["ended_at"] is None else started_at + timedelta(milliseconds=like["latency_ms"] or 0),
        "messages_json": None,
        "system_text": None,
        "system_sha256": None,
    }
    return row | _content(rng, row, prompt, is_answered=like["status"] in {None, "ok"})


_OUTCOME = (
    "status",
    "http_status",
    "error_type",
    "finish_reason",
    "finish_reason_raw",
    "response_state",
    "response_text",
    "response_sha256",
)


def _identity(member: Member, at: datetime) -> dict[str, Any]:
    """Return who sent it, in the columns that the pattern carries."""
    pattern = member.pattern
    slot = int((at - _EPOCH).total_seconds()) // 21_600 + member.place
    found: dict[str, Any] = {"account_id": member.account_id, "end_user_id": None}
    if pattern["tenant_id"] is not None:
        found["tenant_id"] = member.tenant_id
    if pattern["project_id"] is not None:
        found["project_id"] = member.tenant_id
    if pattern["api_key_id"] is not None:
        own = pattern["api_key_id"] == pattern["account_id"]
        found["api_key_id"] = member.account_id if own else member.api_key_id
    if pattern["client_ip"] is not None and not pattern["is_ip_masked"]:
        found["client_ip"] = member.exits[slot % len(member.exits)]
    return found


def _content(rng: Random, row: Mapping[str, Any], prompt: str, *, is_answered: bool) -> dict[str, Any]:
    """Return texts or hashes with their sizes, where the log carries them."""
    found: dict[str, Any] = {}
    if row["prompt_text"] is not None:
        found |= {"prompt_text": prompt, "prompt_chars": len(prompt)}
        if row["input_tokens"] is not None:
            found["input_tokens"] = text.count_tokens(prompt)
    if row["prompt_sha256"] is not None:
        found["prompt_sha256"] = digest(prompt)[: len(row["prompt_sha256"])]
    if is_answered and row["response_text"] is not None:
        answer = text.answer(rng, text.Topic("en", "plain", "the task"))
        found |= {"response_text": answer, "response_chars": len(answer)}
        if row["output_tokens"] is not None:
            found["output_tokens"] = text.count_tokens(answer) + (row["reasoning_tokens"] or 0)
    if is_answered and row["response_sha256"] is not None:
        found["response_sha256"] = digest("answer", row["record_id"])[: len(row["response_sha256"])]
    return found


def _rounded(at: datetime, resolution_us: int | None) -> datetime:
    """Return a time as coarse as the log writes it."""
    whole = (at - _EPOCH) // timedelta(microseconds=1)
    return _EPOCH + timedelta(microseconds=whole - whole % (resolution_us or 1))
