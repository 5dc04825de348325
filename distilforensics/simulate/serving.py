"""The simulated model service: which models exist, how long an answer takes, how often a call fails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from distilforensics.simulate.exchange import DAY, Account, Client, Exchange, Request
from distilforensics.simulate.text import count_tokens

if TYPE_CHECKING:
    from random import Random

LARGE, MINI, CODE, NEW = "atlas-large-2", "atlas-mini-2", "atlas-code-1", "atlas-large-3"
MODELS = (LARGE, MINI, CODE, NEW)
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


class Service:
    """Answers requests; keeps no state between calls."""

    def __init__(self, reliability: Reliability) -> None:
        self._reliability = reliability

    def serve(
        self,
        rng: Random,
        number: int,
        at: int,
        account: Account,
        client: Client,
        request: Request,
        answer: str,
        *,
        limited_share: float | None = None,
    ) -> Exchange:
        """Return the exchange of one call; `answer` is what the model says if nothing fails.

        Args:
            rng: Generator of the actor.
            number: Running number of the actor's exchanges.
            at: Start, microseconds since 1970.
            account: Who calls.
            client: From where.
            request: What is asked.
            answer: The complete answer; cut if the request limits it.
            limited_share: Probability of a limit error in place of the service's own.
        """
        chance = rng.random()
        limited = self._reliability.limited_share if limited_share is None else limited_share
        if chance < limited:
            return _failed(rng, number, at, account, client, request, *_LIMITED)
        if chance < limited + self._reliability.fault_share:
            return _failed(rng, number, at, account, client, request, *_FAULTS[int(rng.random() * len(_FAULTS))])
        input_tokens, cached_tokens = _input_tokens(request)
        output_tokens, reason = count_tokens(answer), "stop"
        limit = request.sampling.max_tokens
        if limit is not None and output_tokens > limit:
            answer, reason = answer[: limit * 4], "length"
            output_tokens = limit
        wait = int((250 + rng.expovariate(1 / 300) + input_tokens * 0.08) * 1000)
        speed = rng.uniform(35, 90) * (2.5 if request.model == MINI else 1.0)
        return Exchange(
            started_at=at,
            account_id=account.account_id,
            number=number,
            account=account,
            client=client,
            request=request,
            answer=answer,
            status=200,
            error=None,
            finish_reason=reason,
            input_tokens=input_tokens,
            cached_tokens=cached_tokens,
            output_tokens=output_tokens,
            first_token_at=at + wait,
            ended_at=at + wait + int(output_tokens / speed * 1_000_000),
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


def _failed(
    rng: Random, number: int, at: int, account: Account, client: Client, request: Request, status: int, error: str
) -> Exchange:
    return Exchange(
        started_at=at,
        account_id=account.account_id,
        number=number,
        account=account,
        client=client,
        request=request,
        answer="",
        status=status,
        error=error,
        finish_reason=None,
        input_tokens=0,
        cached_tokens=0,
        output_tokens=0,
        first_token_at=None,
        ended_at=at + int((20 + rng.expovariate(1 / 60)) * 1000),
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
