"""A class: many accounts, one address, the same exercises in the same lessons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from distilforensics.simulate import text
from distilforensics.simulate.arrivals import in_time_order, thinking_gap
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
from distilforensics.simulate.serving import Call

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from distilforensics.simulate.serving import Service

_LESSON_HOURS = 1.6
_EXERCISES_PER_LESSON = 4


@dataclass(frozen=True, slots=True)
class Student:
    """One member of the class: an account and a way of writing."""

    account: Account
    voice: text.Voice
    user_agent: str


class Classroom:
    """Produces the traffic of one class."""

    def __init__(
        self,
        rng: Random,
        students: tuple[Student, ...],
        address: str,
        model: str,
        service: Service,
        *,
        lesson_hour_utc: int,
        lesson_days: tuple[int, ...],
        answer_length: float,
    ) -> None:
        self._rng = rng
        self._students = students
        self._address = address
        self._model = model
        self._service = service
        self._lesson_days = frozenset(lesson_days)
        self._lesson_hour = lesson_hour_utc
        self._answer_length = answer_length
        self._lesson = 0
        self._number = 0

    def exchanges(self, start: int, days: int) -> Iterator[Exchange]:
        """Yield the exchanges of the class in order of time."""
        return in_time_order((start + (day + 1) * DAY, self._day(start + day * DAY)) for day in range(days))

    def _day(self, day_start: int) -> list[Exchange]:
        if (day_start // DAY + 3) % 7 not in self._lesson_days:
            return []
        exercises = load_vocabulary("jobs")["exercise"]["prompt"]
        first = self._lesson * _EXERCISES_PER_LESSON
        todays = [exercises[(first + offset) % len(exercises)] for offset in range(_EXERCISES_PER_LESSON)]
        self._lesson += 1
        begin = day_start + self._lesson_hour * HOUR
        produced: list[Exchange] = []
        for student in self._students:
            if self._rng.random() < 0.93:
                produced.extend(self._attend(student, begin, todays))
        return produced

    def _attend(self, student: Student, begin: int, exercises: list[str]) -> list[Exchange]:
        rng, produced = self._rng, list[Exchange]()
        at = begin + int(rng.uniform(3, 12) * 60 * MICROSECONDS)
        end = begin + int(_LESSON_HOURS * HOUR)
        client = Client(self._address, student.user_agent)
        for exercise in exercises:
            history: list[Message] = []
            message, topic = exercise, text.choose_topic(rng, student.voice)
            while at < end:
                history.append(("user", message))
                request = Request(
                    self._model,
                    tuple(history),
                    Sampling(max_tokens=2048),
                    "You are the study companion of the Institute for Applied Learning.",
                )
                answer = text.answer(rng, topic, length=self._answer_length)
                exchange = self._service.serve(rng, Call(self._number, at, student.account, client, request, answer))
                self._number += 1
                produced.append(exchange)
                history.append(("assistant", exchange.answer))
                at = exchange.ended_at + thinking_gap(rng)
                if rng.random() < 0.5:
                    break
                message = text.follow_up(rng, student.voice, topic)
        return produced
