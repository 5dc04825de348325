"""Programs that pass on the words of many end users through one account: a support bot, a small reseller."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from distilforensics.simulate import text
from distilforensics.simulate.arrivals import cycle_times, in_time_order, thinking_gap
from distilforensics.simulate.exchange import DAY, Account, Client, Exchange, Message, Request, Sampling
from distilforensics.simulate.serving import Call

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from distilforensics.simulate.serving import ModelHabit, Service


@dataclass(frozen=True, slots=True)
class EndUser:
    """One customer of the program, as the program names them, with a way of writing."""

    name: str
    voice: text.Voice
    weight: float


@dataclass(frozen=True, slots=True)
class FrontendTraits:
    """What stays the same about such a program; `job` names the grammar of its prompts, None passes on free questions."""

    account: Account
    end_users: tuple[EndUser, ...]
    conversations_per_day: float
    job: str | None
    addresses: tuple[str, ...]
    user_agent: str
    sampling: Sampling
    utc_offset_hours: int
    more_turns: float
    course: tuple[float, ...]
    """Relative number of conversations by hour."""
    answer_length: float
    questions: tuple[tuple[str, str | None], ...] = ()
    """Real first messages of end users with their answers, if there are any."""


class Frontend:
    """Produces the traffic of one program."""

    def __init__(self, rng: Random, traits: FrontendTraits, habit: ModelHabit, service: Service) -> None:
        self._rng = rng
        self._traits = traits
        self._habit = habit
        self._service = service
        self._weights = [user.weight for user in traits.end_users]
        self._number = 0
        self._n_conversations = 0

    def exchanges(self, start: int, days: int) -> Iterator[Exchange]:
        """Yield the exchanges of the program in order of time."""
        return in_time_order((start + (day + 1) * DAY, self._day(start + day * DAY)) for day in range(days))

    def _day(self, day_start: int) -> list[Exchange]:
        traits, produced = self._traits, list[Exchange]()
        for at in cycle_times(
            self._rng, day_start, day_start + DAY, traits.conversations_per_day, traits.course, traits.utc_offset_hours
        ):
            produced.extend(self._conversation(at))
        return produced

    def _conversation(self, at: int) -> list[Exchange]:
        traits, rng, produced = self._traits, self._rng, list[Exchange]()
        user = rng.choices(traits.end_users, weights=self._weights, k=1)[0]
        topic = text.choose_topic(rng, user.voice)
        grammar = text.job_grammar(traits.job) if traits.job else None
        system = grammar.expand(rng, "system") if grammar else None
        client = Client(rng.choice(traits.addresses), traits.user_agent)
        history: list[Message] = []
        known: str | None = None
        message = grammar.expand(rng, "prompt") if grammar else text.question(rng, user.voice, topic)
        if self._n_conversations < len(traits.questions):
            message, known = traits.questions[self._n_conversations]
            self._n_conversations += 1
        while True:
            history.append(("user", message))
            answer = (
                grammar.expand(rng, "answer")
                if grammar
                else known or text.answer(rng, topic, length=traits.answer_length)
            )
            known = None
            request = Request(self._habit.at(at), tuple(history[-9:]), traits.sampling, system, end_user=user.name)
            exchange = self._service.serve(rng, Call(self._number, at, traits.account, client, request, answer))
            self._number += 1
            produced.append(exchange)
            history.append(("assistant", exchange.answer))
            at = exchange.ended_at + thinking_gap(rng)
            if rng.random() > traits.more_turns:
                return produced
            message = grammar.expand(rng, "prompt") if grammar else text.follow_up(rng, user.voice, topic)
