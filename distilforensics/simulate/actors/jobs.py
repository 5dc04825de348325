"""Batch programs of one tenant: an evaluation run, translation, classification, synthetic data, nightly checks."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from distilforensics.simulate import text
from distilforensics.simulate.arrivals import in_time_order
from distilforensics.simulate.exchange import DAY, HOUR, MICROSECONDS, Account, Client, Exchange, Request, Sampling
from distilforensics.simulate.identities import hosting_address
from distilforensics.simulate.serving import Call

if TYPE_CHECKING:
    from collections.abc import Iterator

    from distilforensics.simulate.corpus import Deck
    from distilforensics.simulate.serving import ModelHabit, Service


@dataclass(frozen=True, slots=True)
class JobParameters:
    """One kind of batch: what it asks, how often, when and through how many accounts."""

    name: str
    role: str
    n_accounts: int
    requests_per_run: int
    run_days: tuple[int, ...]
    """Days of the simulation (0 = first) with a run; a negative number is the day of the model release."""
    first_hour_utc: float
    duration_hours: float
    temperature: float | None
    max_tokens: int | None
    user_agent: str
    tries_new_model: bool = False
    answer_sentences: int = 1
    """Answers are this many expansions of the answer rule."""
    runs_per_day: int = 1
    """Runs at equal distances over the day."""
    is_ephemeral: bool = False
    """Whether every run has new machines, and so every account a new address."""
    rotates_keys: bool = False
    """Whether the first half of the accounts gives way to the other half in the middle of the time."""
    reviews: bool = False
    """Whether every answer is given back to the model on the next account for a check."""
    grammar: str = ""
    """Rules of the prompts; empty: those called `name`."""
    families: tuple[str, ...] = ()
    """Families of real inputs that take the place of the invented ones."""


class Job:
    """Produces the traffic of one batch program."""

    def __init__(
        self,
        rng: Random,
        parameters: JobParameters,
        accounts: tuple[Account, ...],
        addresses: tuple[str, ...],
        habit: ModelHabit,
        service: Service,
        released_day: int,
        inputs: Deck,
    ) -> None:
        self._rng = rng
        self._parameters = parameters
        self._accounts = accounts
        self._addresses = addresses
        self._habit = habit
        self._service = service
        self._run_days = frozenset(released_day if day < 0 else day for day in parameters.run_days)
        self._inputs = inputs
        self._number = 0
        self._middle = 0

    def exchanges(self, start: int, days: int) -> Iterator[Exchange]:
        """Yield the exchanges of the program in order of time."""
        self._middle = start + days * DAY // 2
        return in_time_order((start + (day + 1) * DAY, self._day(start + day * DAY, day)) for day in range(days))

    def _day(self, day_start: int, day: int) -> list[Exchange]:
        if day not in self._run_days:
            return []
        parameters, produced = self._parameters, list[Exchange]()
        for run in range(parameters.runs_per_day):
            produced.extend(self._run(day_start + run * DAY // parameters.runs_per_day))
        return produced

    def _run(self, run_start: int) -> list[Exchange]:
        parameters, rng = self._parameters, self._rng
        begin = run_start + int((parameters.first_hour_utc + rng.uniform(0, 0.3)) * HOUR)
        mean_gap = parameters.duration_hours * HOUR / parameters.requests_per_run
        produced, at = list[Exchange](), begin
        if parameters.is_ephemeral:
            self._addresses = tuple(hosting_address(rng) for _ in self._accounts)
        accounts = self._accounts_at(begin)
        for index in range(parameters.requests_per_run):
            at += int(rng.expovariate(1 / mean_gap)) + 1000
            address = self._addresses[index % len(self._addresses)]
            calls = self._call(at, accounts[index % len(accounts)], address)
            if parameters.reviews and calls[-1].status == 200:
                check = text.job_grammar(parameters.grammar or parameters.name).expand(rng, "check")
                later = calls[-1].ended_at + int(rng.uniform(1, 40) * MICROSECONDS)
                calls += self._call(
                    later, accounts[(index + 1) % len(accounts)], address, f"{check}\n\n{calls[-1].answer}"
                )
            produced.extend(calls)
        return produced

    def _accounts_at(self, time: int) -> tuple[Account, ...]:
        if not self._parameters.rotates_keys:
            return self._accounts
        half = len(self._accounts) // 2
        return self._accounts[:half] if time < self._middle else self._accounts[half:]

    def _call(self, at: int, account: Account, address: str, prompt: str | None = None) -> list[Exchange]:
        """Return one call with its repetitions after failures; `prompt` is a check, None the next input."""
        parameters, rng, produced = self._parameters, self._rng, list[Exchange]()
        grammar = text.job_grammar(parameters.grammar or parameters.name)
        known: str | None = None
        rule = "answer" if prompt is None else "verdict"
        if prompt is None:
            prompt, known = self._inputs.deal() if self._inputs else (grammar.expand(rng, "prompt"), None)
        model = self._habit.at(at)
        wording = Random(f"{model}/{prompt}") if parameters.temperature == 0 else rng
        answer = known or " ".join(grammar.expand(wording, rule) for _ in range(parameters.answer_sentences))
        request = Request(
            model,
            (("user", prompt),),
            Sampling(max_tokens=parameters.max_tokens, temperature=parameters.temperature),
        )
        for _ in range(3):
            exchange = self._service.serve(
                rng, Call(self._number, at, account, Client(address, parameters.user_agent), request, answer)
            )
            self._number += 1
            produced.append(exchange)
            if exchange.status == 200:
                break
            at = exchange.ended_at + int(rng.uniform(0.5, 8) * MICROSECONDS)
        return produced
