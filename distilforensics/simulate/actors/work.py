"""What a pool asks for, one talk at a time: requests that a scheduler then places on accounts.

The kinds follow the public record: one frame around a work list, the same instruction in ever new words, reasoning carried over from
another conversation, captured reasoning that is cleaned, and the conversations of a reseller's own customers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from distilforensics.simulate import text
from distilforensics.simulate.arrivals import program_gap, thinking_gap
from distilforensics.simulate.exchange import Message, ReasonedText, Sampling, reasoning_signature
from distilforensics.simulate.grammar import load_vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from random import Random

    from distilforensics.simulate.corpus import Deck
    from distilforensics.simulate.exchange import Exchange
    from distilforensics.simulate.pools import PoolParameters

KINDS = ("frame", "reworded", "transcription", "cleaner", "relay")
MEAN_REQUESTS = {"frame": 1.0, "reworded": 1.25, "transcription": 1.0, "cleaner": 1.0, "relay": 3.2}
"""Requests of one talk on average."""

_NEW_TASK_ATTEMPTS = 30
_HARVEST_ANSWER_LENGTH = 1.7
"""Harvested answers are long: the frame asks for every consideration."""
_CODE_DOMAINS = frozenset(
    {"python_code", "typescript_code", "sql_task", "rust_code", "shell_task", "debugging", "code_review"}
)
_BLOB_LINE_CHARS = 76
_REFUSED_SHARE = 0.35
_KEPT_MESSAGES = 9
_KEPT_CAPTURES = 400
_AGENT_TOOLS = 4
_CLEANED_SHARE = 0.93
"""Share of a captured reasoning that is passed on: its tail is at times cut."""


@dataclass(frozen=True, slots=True)
class Draft:
    """One request before an account is chosen."""

    messages: tuple[Message, ...]
    answer: str
    system: str | None = None
    sampling: Sampling | None = None
    """None: what the pool always sets, or the account."""
    pause: int = 0
    """Microseconds after the previous answer of the talk."""
    avoid: str | None = None
    """An account that must not take the request."""
    n_tools: int = 0
    thinks: bool = False


class Work(Protocol):
    """A source of talks."""

    def talk(self, at: int, day: int, /) -> Generator[Draft, Exchange, None]:
        """Return the talk that begins at `at`."""


@dataclass(frozen=True, slots=True)
class Customer:
    """Somebody whose words are passed on."""

    voice: text.Voice
    weight: float


@dataclass(slots=True)
class TaskList:
    """The work list: a task is new, except for a repeated share; real prompts are taken in place of invented ones."""

    rng: Random
    repeated_share: float
    deck: Deck
    answer_length: float
    asked: set[str] = field(default_factory=set)

    def next(self) -> tuple[str, str, str | None]:
        """Return domain, task and the known answer."""
        rng = self.rng
        if self.deck:
            task, answer = self.deck.deal()
            return "real", task, answer
        grammar = text.harvest_grammar()
        may_repeat = rng.random() < self.repeated_share
        domains = list(load_vocabulary("harvest")["domains"])
        domain, task = "", ""
        for _ in range(_NEW_TASK_ATTEMPTS):
            domain = domains[int(rng.random() * len(domains))]
            task = grammar.expand(rng, domain, {"code": text.code_snippet(rng)})
            if may_repeat or task not in self.asked:
                break
        self.asked.add(task)
        return domain, task, None

    def answer(self, domain: str, known: str | None) -> str:
        """Return what the model answers to a task."""
        return known or text.answer(self.rng, _topic(domain), length=_HARVEST_ANSWER_LENGTH * self.answer_length)


def _topic(domain: str) -> text.Topic:
    return text.Topic("en", "code" if domain in _CODE_DOMAINS else "plain", domain.replace("_", " "))


@dataclass(frozen=True, slots=True)
class _Capture:
    at: int
    account_id: str
    reasoning: str


class _TaskWork:
    """Work whose talks begin with a task of the list."""

    def __init__(self, rng: Random, tasks: TaskList) -> None:
        self._rng = rng
        self._tasks = tasks
        self._captures: list[_Capture] = []


class FrameWork(_TaskWork):
    """One fixed instruction around every task, before it or as the system prompt; its wording is revised once."""

    def __init__(self, rng: Random, parameters: PoolParameters, tasks: TaskList) -> None:
        super().__init__(rng, tasks)
        self._parameters = parameters

    def talk(self, _at: int, day: int, /) -> Generator[Draft, Exchange, None]:
        """Yield one framed task."""
        parameters, rng, tasks = self._parameters, self._rng, self._tasks
        revisions = load_vocabulary("harvest")["frames"][parameters.frame]
        frame = revisions[min(len(revisions) - 1, 1 if day >= parameters.frame_revision_day else 0)]
        domain, task, known = tasks.next()
        prompt = text.harvest_grammar().fill(rng, frame, {"task": task})
        answer = tasks.answer(domain, known)
        if parameters.frame == "notebook":
            notes = text.answer(rng, _topic(domain), length=tasks.answer_length)
            answer = f"<notes>\n{notes}\n</notes>\nRESULT {answer}"
        if parameters.frame_place == "system":
            system = text.harvest_grammar().fill(rng, frame, {"task": ""}).strip()
            yield Draft((("user", task),), answer, system=system)
        else:
            yield Draft((("user", prompt),), answer)


class RewordedWork(_TaskWork):
    """The wish to see the reasoning, worded anew for every task, at times with a question that follows."""

    _follow_up_share = 0.25

    def talk(self, _at: int, _day: int, /) -> Generator[Draft, Exchange, None]:
        """Yield a task and perhaps a question about its answer."""
        rng, tasks, grammar = self._rng, self._tasks, text.variant_grammar("reworded")
        domain, task, known = tasks.next()
        prompt = grammar.expand(rng, "order", {"task": task}).strip()
        notes = text.answer(rng, _topic(domain), length=tasks.answer_length)
        answer = f"{notes}\n\n{tasks.answer(domain, known)}"
        reply = yield Draft((("user", prompt),), answer)
        if reply.status == 200 and rng.random() < self._follow_up_share:
            history = (("user", prompt), ("assistant", reply.answer), ("user", grammar.expand(rng, "more")))
            more = text.answer(rng, _topic(domain), length=tasks.answer_length)
            yield Draft(history, more, pause=thinking_gap(rng))


class TranscriptionWork(_TaskWork):
    """Hidden reasoning of one conversation put into another one, on another account, with the wish to have it in plain words."""

    _task_share = 0.15
    _pasted_share = 0.3
    """Attempts in which the encrypted reasoning is pasted into the words, not sent as reasoning of an earlier turn."""

    def talk(self, at: int, _day: int, /) -> Generator[Draft, Exchange, None]:
        """Yield a task whose hidden reasoning is kept, or an attempt to read what was kept."""
        rng, tasks = self._rng, self._tasks
        domain, task, known = tasks.next()
        if rng.random() < self._task_share:
            reply = yield Draft((("user", task),), tasks.answer(domain, known), thinks=True)
            if isinstance(reply.answer, ReasonedText):
                self._captures.append(_Capture(reply.ended_at, reply.account_id, reply.answer.signature))
            return
        ready = [capture for capture in self._captures if capture.at < at]
        capture = (
            rng.choice(ready[-_KEPT_CAPTURES:])
            if ready
            else _Capture(at, "", reasoning_signature(f"elsewhere/{rng.random()}"))
        )
        yield self._attempt(capture, tasks.answer(domain, known))

    def _attempt(self, capture: _Capture, reasoning: str) -> Draft:
        rng, grammar = self._rng, text.variant_grammar("transcription")
        answer = grammar.expand(rng, "refusal") if rng.random() < _REFUSED_SHARE else reasoning
        if rng.random() < self._pasted_share:
            blob = capture.reasoning
            lines = "\n".join(blob[start : start + _BLOB_LINE_CHARS] for start in range(0, len(blob), _BLOB_LINE_CHARS))
            prompt = grammar.expand(rng, "order", {"blob": lines}).strip()
            return Draft((("user", prompt),), answer, avoid=capture.account_id)
        history = (
            ("user", grammar.expand(rng, "opener")),
            ("assistant", ReasonedText(grammar.expand(rng, "reply"), capture.reasoning)),
            (
                "user",
                grammar.expand(rng, "order", {"blob": ""})
                .replace("<data></data>", "")
                .replace("```\n\n```", "")
                .strip(),
            ),
        )
        return Draft(history, answer, avoid=capture.account_id)


class CleanerWork(_TaskWork):
    """Reasoning that the model wrote on one account goes back to it on another one, to be cleaned, normalised or judged."""

    _elicited_share = 0.35

    def talk(self, at: int, _day: int, /) -> Generator[Draft, Exchange, None]:
        """Yield a task whose reasoning is captured, or an earlier capture with an instruction."""
        rng, tasks, vocabulary = self._rng, self._tasks, load_vocabulary("harvest")["cleaner"]
        ready = [capture for capture in self._captures if capture.at < at]
        if not ready or rng.random() < self._elicited_share:
            domain, task, known = tasks.next()
            frame = rng.choice(vocabulary["elicit"])
            notes = text.answer(rng, _topic(domain), length=_HARVEST_ANSWER_LENGTH * tasks.answer_length)
            answer = f"{notes}\n\n{tasks.answer(domain, known)}"
            reply = yield Draft((("user", frame.replace("«task»", task)),), answer)
            if reply.status == 200:
                self._captures.append(_Capture(reply.ended_at, reply.account_id, reply.answer))
                del self._captures[:-_KEPT_CAPTURES]
            return
        capture = rng.choice(ready)
        instruction = rng.choice(vocabulary["instruction"])
        reasoning = capture.reasoning
        if rng.random() > _CLEANED_SHARE:
            reasoning = reasoning[: int(len(reasoning) * 0.8)]
        sentences = [sentence for sentence in reasoning.split(". ") if len(sentence) > 3]
        kept = ". ".join(sentence for sentence in sentences if rng.random() < 0.85)
        answer = f"{rng.choice(vocabulary['verdict'])}\n{kept}" if instruction.startswith("Judge") else kept
        yield Draft((("user", f"{instruction}\n\n{reasoning}"),), answer or reasoning, avoid=capture.account_id)


class RelayWork:
    """The conversations of a reseller's own customers, people and coding agents, passed on as they are."""

    _agent_share = 0.45
    _more_turns = 0.62

    def __init__(self, rng: Random, customers: tuple[Customer, ...], questions: Deck, answer_length: float) -> None:
        self._rng = rng
        self._questions = questions
        self._customers = customers
        self._weights = [customer.weight for customer in customers]
        self._answer_length = answer_length

    def talk(self, _at: int, _day: int, /) -> Generator[Draft, Exchange, None]:
        """Yield the turns of one conversation."""
        rng = self._rng
        customer = rng.choices(self._customers, weights=self._weights, k=1)[0]
        if rng.random() < self._agent_share:
            yield from self._agent(rng)
        else:
            yield from self._chat(rng, customer)

    def _chat(self, rng: Random, customer: Customer) -> Generator[Draft, Exchange, None]:
        topic = text.choose_topic(rng, customer.voice)
        first, known = text.question(rng, customer.voice, topic), None
        if hand := self._questions.hand(1):
            first, known = hand[0]
        history: list[Message] = [("user", first)]
        pause = 0
        while True:
            answer = known or text.answer(rng, topic, length=self._answer_length)
            reply = yield Draft(tuple(history[-_KEPT_MESSAGES:]), answer, sampling=Sampling(stream=True), pause=pause)
            if rng.random() > self._more_turns:
                return
            history += [("assistant", reply.answer), ("user", text.follow_up(rng, customer.voice, topic))]
            known, pause = None, thinking_gap(rng)

    def _agent(self, rng: Random) -> Generator[Draft, Exchange, None]:
        harness = rng.choices(("agent_product", "terminal_agent", "editor_agent"), weights=(5, 3, 2), k=1)[0]
        grammar = text.job_grammar(harness)
        system = grammar.expand(rng, "system")
        history: list[Message] = [("user", grammar.expand(rng, "prompt", {"handle": f"u{rng.randrange(16**5):05x}"}))]
        sampling = Sampling(max_tokens=8192, stream=True)
        steps = 1 + min(10, int(rng.expovariate(1 / 3.5)))
        pause = 0
        for step in range(steps):
            answer = grammar.expand(rng, "report" if step == steps - 1 else "tool_call")
            messages = tuple(history[-_KEPT_MESSAGES:])
            reply = yield Draft(messages, answer, system, sampling, pause, n_tools=_AGENT_TOOLS, thinks=True)
            history += [("assistant", reply.answer), ("user", grammar.expand(rng, "tool_result"))]
            pause = program_gap(rng)


_OF_TASKS: dict[str, Callable[[Random, TaskList], Work]] = {
    "reworded": RewordedWork,
    "transcription": TranscriptionWork,
    "cleaner": CleanerWork,
}


def make_work(
    rng: Random,
    parameters: PoolParameters,
    customers: tuple[Customer, ...],
    tasks: TaskList,
    questions: Deck,
) -> Work:
    """Return the work of one of `KINDS`: `tasks` is what a pool harvests, `questions` real ones of its customers, if there are any.

    Raises:
        ValueError: If the kind is unknown.
    """
    if parameters.work == "frame":
        return FrameWork(rng, parameters, tasks)
    if parameters.work in _OF_TASKS:
        return _OF_TASKS[parameters.work](rng, tasks)
    if parameters.work == "relay":
        return RelayWork(rng, customers, questions, tasks.answer_length)
    raise ValueError(f"work {parameters.work!r}, expected one of {', '.join(KINDS)}")
