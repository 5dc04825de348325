"""A pool of accounts behind a scheduler: its work, mixed with the traffic of unrelated customers.

Modelled on the public record of disclosed campaigns and of published pool programs: near-equal loads, fail-over after limit errors,
chaff, quick move to a new model, accounts that end and are replaced, shared proxies and payment methods.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from distilforensics.simulate import text
from distilforensics.simulate.actors.work import MEAN_REQUESTS
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
from distilforensics.simulate.identities import home_address
from distilforensics.simulate.schedulers import make_scheduler
from distilforensics.simulate.serving import LARGE, NEW, Call

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from distilforensics.simulate.actors.work import Customer, Draft, Work
    from distilforensics.simulate.pools import PoolParameters
    from distilforensics.simulate.serving import Service

_COOLDOWN = 12 * 60 * MICROSECONDS
"""Rest of an account after a limit error."""
_FAILOVER_ATTEMPTS = 4
_HOURS = {
    "around_the_clock": (9, 9, 9, 8, 8, 8, 9, 10, 10, 11, 11, 11, 11, 11, 11, 11, 11, 10, 10, 10, 10, 10, 9, 9),
    "with_nights": (6, 7, 7, 6, 5, 6, 7, 7, 6, 4, 3, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 4),
}
CUSTOMER_HOURS = (6, 7, 7, 6, 5, 5, 5, 6, 6, 7, 8, 8, 9, 9, 8, 7, 6, 5, 4, 3, 3, 4, 5, 6)
"""Course of the day of customers all over the world, where there is no real one."""


@dataclass(frozen=True, slots=True)
class PoolAccount:
    """One account of the pool with the time it is alive and its exits."""

    account: Account
    active_from: int
    active_until: int
    exits: tuple[str, ...]
    """Addresses; without any, the private connection `home` is used."""
    chaff_weight: float
    home: str = ""
    user_agent: str = ""
    sampling: Sampling | None = None
    """What the account always sets; None: what the pool sets."""
    load_weight: float = 1.0


class Pool:
    """Produces the traffic of one pool."""

    def __init__(
        self,
        rng: Random,
        parameters: PoolParameters,
        members: tuple[PoolAccount, ...],
        customers: tuple[Customer, ...],
        service: Service,
        work: Work,
        *,
        released_at: int,
        answer_length: float,
        customer_course: tuple[float, ...],
    ) -> None:
        self._rng = rng
        self._parameters = parameters
        self._members = members
        self._customers = customers
        self._service = service
        self._work = work
        self._pivots_at = released_at + int(parameters.pivot_delay_hours * HOUR)
        self._answer_length = answer_length
        self._customer_course = customer_course
        self._scheduler = make_scheduler(
            parameters.scheduler,
            rng,
            skip_share=parameters.skip_share,
            weights=[member.load_weight for member in members],
        )
        self._rests_until = [0] * len(members)
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
        n_calls = n_alive * parameters.requests_per_account_day * self._day_weight(day)
        n_talks = n_calls * (1 - parameters.chaff_share) / MEAN_REQUESTS[parameters.work]
        course = _HOURS.get(parameters.hours, self._customer_course)
        for at in cycle_times(rng, day_start, day_start + DAY, n_talks, course, 0):
            if not self._pauses(at):
                produced.extend(self._talk(at, day))
        mean_turns = 2.0
        for at in cycle_times(
            rng, day_start, day_start + DAY, n_calls * parameters.chaff_share / mean_turns, self._customer_course, 0
        ):
            produced.extend(self._chaff(at, mean_turns))
        return produced

    def _day_weight(self, day: int) -> float:
        weights = self._parameters.day_weights
        return weights[min(day, len(weights) - 1)] if weights else 1.0

    def _pauses(self, at: int) -> bool:
        hours = (at - self._start) / HOUR
        return any(begin <= hours < begin + length for begin, length in self._parameters.pauses_hours)

    def _candidates(self, at: int) -> list[int]:
        alive = [index for index, member in enumerate(self._members) if member.active_from <= at < member.active_until]
        return [index for index in alive if self._rests_until[index] <= at] or alive

    def _talk(self, at: int, day: int) -> list[Exchange]:
        """Return the exchanges of one talk: each request goes to the account that the scheduler names."""
        produced: list[Exchange] = []
        talk = self._work.talk(at, day)
        draft = next(talk, None)
        kept: int | None = None
        while draft is not None:
            at += draft.pause
            kept = self._place(at, draft, kept if self._parameters.has_affinity else None, produced)
            if kept is None:
                break
            at = produced[-1].ended_at
            try:
                draft = talk.send(produced[-1])
            except StopIteration:
                break
        return produced

    def _place(self, at: int, draft: Draft, kept: int | None, produced: list[Exchange]) -> int | None:
        """Send one request, again on another account while it fails, and return the last account; None if there was none."""
        parameters, rng = self._parameters, self._rng
        common = Sampling(parameters.max_tokens, parameters.temperature)
        model = self._model(at)
        index: int | None = None
        for _ in range(_FAILOVER_ATTEMPTS):
            candidates = self._candidates(at)
            if draft.avoid is not None:
                candidates = [each for each in candidates if self._members[each].account.account_id != draft.avoid]
            if not candidates:
                return None
            index = kept if kept in candidates else self._scheduler.pick(candidates)
            sampling = draft.sampling or self._members[index].sampling or common
            request = Request(model, draft.messages, sampling, draft.system, n_tools=draft.n_tools, thinks=draft.thinks)
            exchange = replace(self._send(at, index, request, draft.answer), is_of_campaign=True)
            produced.append(exchange)
            if exchange.status == 200:
                break
            if exchange.status == 429:
                self._scheduler.limited(index)
                self._rests_until[index] = at + _COOLDOWN
            at = exchange.ended_at + int(rng.uniform(0.4, 6.0) * MICROSECONDS)
        return index

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
        address = (
            member.exits[slot % len(member.exits)] if member.exits else home_address(member.home, index % 16, at // DAY)
        )
        client = Client(address, member.user_agent or self._parameters.user_agent)
        limited = self._parameters.limited_share
        exchange = self._service.serve(
            self._rng, Call(self._number, at, member.account, client, request, answer), limited_share=limited
        )
        self._number += 1
        return exchange
