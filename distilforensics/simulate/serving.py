"""The simulated model service: which models exist, how long an answer takes, how often a call fails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from distilforensics.simulate.exchange import DAY, Account, Client, Exchange, ReasonedText, Request, reasoning_signature
from distilforensics.simulate.text import count_tokens

if TYPE_CHECKING:
    from random import Random

LARGE, MINI, CODE, NEW = "atlas-large-2", "atlas-mini-2", "atlas-code-1", "atlas-large-3"
"""Invented models; `NEW` appears during the simulated days."""

_LIMITED = (429, "rate_limit_error")
_FAULTS = ((500, "internal_error"), (503, "overloaded_error"), (400, "context_length_exceeded"))
_CACHE_BLOCK_TOKENS = 128
_CACHE_MINIMUM_TOKENS = 1024


@dataclass(frozen=True, slots=True)
class Reliability:
    """Shares of calls that fail."""

    limited_share: float = 0.004
    fault_share: float = 0.003


@dataclass(frozen=True, slots=True)
class Call:
    """One call before it is served: who, from where, what, and the complete answer that the model gives if nothing fails."""

    number: int
    """Running number of the actor's exchanges."""
    at: int
    """Start, microseconds since 1970."""
    account: Account
    client: Client
    request: Request
    answer: str


class Service:
    """Answers calls; keeps no state between them."""

    def __init__(self, reliability: Reliability) -> None:
        self._reliability = reliability

    def serve(self, rng: Random, call: Call, *, limited_share: float | None = None) -> Exchange:
        """Return the exchange of one call; an answer above the request's token limit is cut."""
        chance = rng.random()
        limited = self._reliability.limited_share if limited_share is None else limited_share
        if chance < limited:
            return _failed(rng, call, *_LIMITED)
        if chance < limited + self._reliability.fault_share:
            return _failed(rng, call, *_FAULTS[int(rng.random() * len(_FAULTS))])
        return _answered(rng, call)


def _answered(rng: Random, call: Call) -> Exchange:
    input_tokens, cached_tokens = _input_tokens(call.request)
    answer, output_tokens, reason = call.answer, count_tokens(call.answer), "stop"
    limit = call.request.sampling.max_tokens
    if limit is not None and output_tokens > limit:
        answer, output_tokens, reason = answer[: limit * 4], limit, "length"
    if call.request.thinks:
        answer = ReasonedText(answer, reasoning_signature(f"{call.account.account_id}/{call.number}"))
    first_token_at = call.at + int((250 + rng.expovariate(1 / 300) + input_tokens * 0.08) * 1000)
    speed = rng.uniform(35, 90) * (2.5 if call.request.model == MINI else 1.0)
    return _exchange(
        call,
        answer=answer,
        status=200,
        error=None,
        finish_reason=reason,
        input_tokens=input_tokens,
        cached_tokens=cached_tokens,
        output_tokens=output_tokens,
        first_token_at=first_token_at,
        ended_at=first_token_at + int(output_tokens / speed * 1_000_000),
    )


def _input_tokens(request: Request) -> tuple[int, int]:
    head = count_tokens(request.system) + 4 if request.system else 0
    sizes = [count_tokens(text) + 4 for _, text in request.messages]
    total = head + sum(sizes) + 120 * request.n_tools
    reusable = total - sizes[-1]
    has_history = len(request.messages) > 1
    cached = (
        reusable // _CACHE_BLOCK_TOKENS * _CACHE_BLOCK_TOKENS
        if has_history and reusable >= _CACHE_MINIMUM_TOKENS
        else 0
    )
    return total, cached


def _exchange(call: Call, **outcome: Any) -> Exchange:  # noqa: ANN401 - the fields of an exchange that its call does not state
    account = call.account
    return Exchange(call.at, account.account_id, call.number, account, call.client, call.request, **outcome)


def _failed(rng: Random, call: Call, status: int, error: str) -> Exchange:
    return _exchange(
        call,
        answer="",
        status=status,
        error=error,
        finish_reason=None,
        input_tokens=0,
        cached_tokens=0,
        output_tokens=0,
        first_token_at=None,
        ended_at=call.at + int((20 + rng.expovariate(1 / 60)) * 1000),
    )


@dataclass(frozen=True, slots=True)
class ModelHabit:
    """Which model somebody uses, and from when on the new one (None: stays with the old one)."""

    usual: str
    moves_at: int | None

    def at(self, time: int) -> str:
        """Return the model used at `time`."""
        return NEW if self.moves_at is not None and time >= self.moves_at else self.usual


def make_habit(
    rng: Random, released_at: int, *, is_technical: bool, curious_share: float = 0.06, moving_share: float = 0.4
) -> ModelHabit:
    """Return a person's habit: few try a new model on its first day, others move within days or not at all."""
    usual = rng.choices((LARGE, MINI, CODE), weights=(4, 4, 6) if is_technical else (6, 5, 0), k=1)[0]
    chance = rng.random()
    if chance < curious_share:
        return ModelHabit(usual, released_at + int(rng.random() * DAY))
    if chance < curious_share + moving_share:
        return ModelHabit(usual, released_at + int(rng.expovariate(1 / 3.0) * DAY))
    return ModelHabit(usual, None)
