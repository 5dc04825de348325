"""A pool of accounts behind a scheduler: one frame around a work list of tasks, mixed with the traffic of unrelated customers.

Modelled on the public record of disclosed campaigns and of published pool programs: near-equal loads, fail-over after limit errors,
chaff, quick move to a new model, accounts that end and are replaced, shared proxies and payment methods.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from distilforensics.simulate import text
from distilforensics.simulate.arrivals import cycle_times, in_time_order, thinking_gap
from distilforensics.simulate.exchange import (
    DAY,
    HOUR,
    MICROSECONDS,
    Account,
    Client,
    Exchange,
    Message,
    Request,
    Sampling,
)
from distilforensics.simulate.grammar import load_vocabulary
from distilforensics.simulate.schedulers import make_scheduler
from distilforensics.simulate.serving import LARGE, NEW, Call

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from distilforensics.simulate.serving import Service

_COOLDOWN = 12 * 60 * MICROSECONDS
"""Rest of an account after a limit error."""
_FAILOVER_ATTEMPTS = 4
_NEW_TASK_ATTEMPTS = 30
_HARVEST_ANSWER_LENGTH = 1.7
"""Harvested answers are long: the frame asks for every consideration."""
_POOL_HOURS = (9, 9, 9, 8, 8, 8, 9, 10, 10, 11, 11, 11, 11, 11, 11, 11, 11, 10, 10, 10, 10, 10, 9, 9)
_CHAFF_HOURS = (6, 7, 7, 6, 5, 5, 5, 6, 6, 7, 8, 8, 9, 9, 8, 7, 6, 5, 4, 3, 3, 4, 5, 6)
_CODE_DOMAINS = frozenset(
    {"python_code", "typescript_code", "sql_task", "rust_code", "shell_task", "debugging", "code_review"}
)


@dataclass(frozen=True, slots=True)
class PoolParameters:
    """One pool as data; shares are of calls or accounts, from 0 to 1."""

    campaign_id: str = "pool-1"
    n_accounts: int = 80
    scheduler: str = "least_recently_used"
    skip_share: float = 0.1
    requests_per_account_day: float = 24.0
    chaff_share: float = 0.2
    n_chaff_customers: int = 40
    chaff_sigma: float = 0.8
    """Spread of the natural logarithm of the chaff per account."""
    frame: str = "notebook"
    frame_revision_day: int = 4
    """Day on which the wording of the frame is revised."""
    limited_share: float = 0.012
    pivot_share: float = 0.8
    pivot_delay_hours: float = 5.0
    replaced_share: float = 0.1
    """Accounts that end mid-window, each followed by a new one."""
    n_signup_bursts: int = 5
    signup_days_before: tuple[int, int] = (9, 32)
    payment_group: tuple[int, int] = (2, 5)
    own_payment_share: float = 0.25
    n_proxy_networks: int = 4
    throwaway_domain_share: float = 0.2
    user_agent: str = "OpenAI/Python 1.97.0"
    temperature: float | None = 0.7
    max_tokens: int | None = 4096
    pauses_hours: tuple[tuple[float, float], ...] = ((53.5, 1.4), (131.0, 2.2))
    """Breaks of the whole pool: start in hours from the beginning, length in hours."""
    repeated_task_share: float = 0.03


@dataclass(frozen=True, slots=True)
class PoolAccount:
    """One account of the pool with the time it is alive and its exits."""

    account: Account
    active_from: int
    active_until: int
    exits: tuple[str, ...]
    chaff_weight: float


@dataclass(frozen=True, slots=True)
class ChaffCustomer:
    """An unrelated customer whose calls are mixed in."""

    voice: text.Voice
    weight: float


class Pool:
    """Produces the traffic of one pool."""

    def __init__(
        self,
        rng: Random,
        parameters: PoolParameters,
        members: tuple[PoolAccount, ...],
        customers: tuple[ChaffCustomer, ...],
        service: Service,
        *,
        released_at: int,
        answer_length: float,
    ) -> None:
        self._rng = rng
        self._parameters = parameters
        self._members = members
        self._customers = customers
        self._service = service
        self._pivots_at = released_at + int(parameters.pivot_delay_hours * HOUR)
        self._answer_length = answer_length
        self._scheduler = make_scheduler(parameters.scheduler, rng, skip_share=parameters.skip_share)
        self._rests_until = [0] * len(members)
        self._asked: set[str] = set()
        self._number = 0
        self._start = 0

    def exchanges(self, start: int, days: int) -> Iterator[Exchange]:
        """Yield the exchanges of the pool in order of time."""
        self._start = start
        return in_time_order((start + (day + 1) * DAY, self._day(start + day * DAY, day)) for day in range(days))

    def _day(self, day_start: int, day: int) -> list[Exchange]:
        parameters, rng, produced = self._parameters, self._rng, list[Exchange]()
        n_alive = sum(
            1 for member in self._members if member.active_from < day_start + DAY and member.active_until > day_start
        )
        n_calls = n_alive * parameters.requests_per_account_day
        harvest = cycle_times(rng, day_start, day_start + DAY, n_calls * (1 - parameters.chaff_share), _POOL_HOURS, 0)
        for at in harvest:
            if not self._pauses(at):
                produced.extend(self._harvest(at, day))
        mean_turns = 2.0
        for at in cycle_times(
            rng, day_start, day_start + DAY, n_calls * parameters.chaff_share / mean_turns, _CHAFF_HOURS, 0
        ):
            produced.extend(self._chaff(at, mean_turns))
        return produced

    def _pauses(self, at: int) -> bool:
        hours = (at - self._start) / HOUR
        return any(begin <= hours < begin + length for begin, length in self._parameters.pauses_hours)

    def _candidates(self, at: int) -> list[int]:
        alive = [index for index, member in enumerate(self._members) if member.active_from <= at < member.active_until]
        return [index for index in alive if self._rests_until[index] <= at] or alive

    def _harvest(self, at: int, day: int) -> list[Exchange]:
        parameters, rng, produced = self._parameters, self._rng, list[Exchange]()
        revisions = load_vocabulary("harvest")["frames"][parameters.frame]
        frame = revisions[min(len(revisions) - 1, 1 if day >= parameters.frame_revision_day else 0)]
        domain, task = self._task()
        prompt = text.harvest_grammar().fill(rng, frame, {"task": task})
        topic = text.Topic("en", "code" if domain in _CODE_DOMAINS else "plain", domain.replace("_", " "))
        answer = text.answer(rng, topic, length=_HARVEST_ANSWER_LENGTH * self._answer_length)
        if parameters.frame == "notebook":
            notes = text.answer(rng, topic, length=self._answer_length)
            answer = f"<notes>\n{notes}\n</notes>\nRESULT {answer}"
        request = Request(self._model(at), (("user", prompt),), Sampling(parameters.max_tokens, parameters.temperature))
        for _ in range(_FAILOVER_ATTEMPTS):
            candidates = self._candidates(at)
            if not candidates:
                return produced
            index = self._scheduler.pick(candidates)
            exchange = self._send(at, index, request, answer)
            produced.append(exchange)
            if exchange.status == 200:
                break
            if exchange.status == 429:
                self._scheduler.limited(index)
                self._rests_until[index] = at + _COOLDOWN
            at = exchange.ended_at + int(rng.uniform(0.4, 6.0) * MICROSECONDS)
        return produced

    def _task(self) -> tuple[str, str]:
        """Return domain and text of the next task of the work list: a new one, except for the repeated share."""
        rng, grammar = self._rng, text.harvest_grammar()
        may_repeat = rng.random() < self._parameters.repeated_task_share
        domains = list(load_vocabulary("harvest")["domains"])
        domain, task = "", ""
        for _ in range(_NEW_TASK_ATTEMPTS):
            domain = domains[int(rng.random() * len(domains))]
            task = grammar.expand(rng, domain, {"code": text.code_snippet(rng)})
            if may_repeat or task not in self._asked:
                break
        self._asked.add(task)
        return domain, task

    def _model(self, at: int) -> str:
        return NEW if at >= self._pivots_at and self._rng.random() < self._parameters.pivot_share else LARGE

    def _chaff(self, at: int, mean_turns: float) -> list[Exchange]:
        """Return one conversation of an unrelated customer, on one account from beginning to end."""
        rng, produced = self._rng, list[Exchange]()
        candidates = self._candidates(at)
        if not candidates:
            return produced
        customer = rng.choices(self._customers, weights=[customer.weight for customer in self._customers], k=1)[0]
        index = rng.choices(
            candidates, weights=[self._members[candidate].chaff_weight for candidate in candidates], k=1
        )[0]
        topic = text.choose_topic(rng, customer.voice)
        history: list[Message] = []
        message = text.question(rng, customer.voice, topic)
        while at < self._members[index].active_until:
            history.append(("user", message))
            request = Request(LARGE, tuple(history[-9:]), Sampling())
            exchange = self._send(at, index, request, text.answer(rng, topic, length=self._answer_length))
            produced.append(exchange)
            history.append(("assistant", exchange.answer))
            at = exchange.ended_at + thinking_gap(rng)
            if rng.random() < 1 / mean_turns:
                break
            message = text.follow_up(rng, customer.voice, topic)
        return produced

    def _send(self, at: int, index: int, request: Request, answer: str) -> Exchange:
        member = self._members[index]
        slot = at // (6 * HOUR) + index
        client = Client(member.exits[slot % len(member.exits)], self._parameters.user_agent)
        limited = self._parameters.limited_share
        exchange = self._service.serve(
            self._rng, Call(self._number, at, member.account, client, request, answer), limited_share=limited
        )
        self._number += 1
        return exchange
