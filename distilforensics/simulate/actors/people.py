"""One person at a time: chats with follow-up turns, agent sessions, a writing companion, one or several accounts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from distilforensics.simulate import text
from distilforensics.simulate.arrivals import Rhythm, in_time_order, program_gap, thinking_gap
from distilforensics.simulate.exchange import DAY, MICROSECONDS, Account, Client, Exchange, Message, Request, Sampling
from distilforensics.simulate.identities import carrier_address, home_address
from distilforensics.simulate.serving import Call

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from random import Random

    from distilforensics.simulate.serving import ModelHabit, Service

_MORE_TURNS = 0.62
_MAX_TURNS = 14
_KEPT_MESSAGES = 8
_AGENT_KEPT_MESSAGES = 10
_AGENT_TOOLS = 4
_REAL_SHARE = 0.8
"""Share of a person's conversations that begin with a real question, where there are any."""
_AGENTS = {"agent_product": "helmsman-cli/1.4.2", "terminal_agent": "fathom/2.0.52", "editor_agent": "loom-ide/0.9.0"}
_CLIENTS = {"writing_product": "quillbox/3.0.1", "notes_product": "dayleaf-server/7"}
_CALLED_BY_VENDOR = frozenset({"notes_product"})


@dataclass(frozen=True, slots=True)
class Connection:
    """The addresses a person appears under: a fixed or private one, at times a carrier's or a proxy's."""

    fixed: str | None
    home: str
    device: int
    carrier_share: float
    proxy_share: float
    proxy_exits: tuple[str, ...]

    def address(self, rng: Random, at: int) -> str:
        """Return the address of a session that starts at `at`."""
        chance = rng.random()
        if self.proxy_exits and chance < self.proxy_share:
            return rng.choice(self.proxy_exits)
        if chance < self.proxy_share + self.carrier_share:
            return carrier_address(rng)
        return self.fixed or home_address(self.home, self.device, at // DAY)


@dataclass(frozen=True, slots=True)
class PersonTraits:
    """Everything that stays the same about a person."""

    accounts: tuple[Account, ...]
    voice: text.Voice
    rhythm: Rhythm
    connection: Connection
    user_agent: str
    habit: ModelHabit
    sampling: Sampling
    product: str | None
    product_share: float
    vendor_addresses: tuple[str, ...]
    """Servers of the product that calls on behalf of its customers with their own keys."""
    house_system: str | None
    active_from: int
    active_until: int
    answer_length: float
    daily_quota: int | None = None
    """Requests per day that an employer allows."""
    works_through: bool = False
    """Whether the product is used one request after the other, without looking back."""
    product_system: str | None = None
    """System prompt of the product where it is not that of the whole product."""
    chat_thinks: bool = False
    """Whether chats use hidden reasoning."""
    agent_thinks: bool = False
    """Whether the coding agent uses hidden reasoning, which it sends back in the turns that follow."""
    questions: tuple[tuple[str, str | None], ...] = ()
    """Real first messages with their answers, if there are any."""


class Person:
    """Produces the traffic of one person."""

    def __init__(self, rng: Random, traits: PersonTraits, service: Service) -> None:
        self._rng = rng
        self._traits = traits
        self._service = service
        self._number = 0
        self._n_asked = 0

    def exchanges(self, start: int, days: int) -> Iterator[Exchange]:
        """Yield the person's exchanges of `days` days from `start` in order of time."""
        return in_time_order((start + (day + 1) * DAY, self._day(start + day * DAY)) for day in range(days))

    def _day(self, day_start: int) -> list[Exchange]:
        traits, produced = self._traits, list[Exchange]()
        busy_until = 0
        for begin in traits.rhythm.sessions(self._rng, day_start):
            at = max(begin, busy_until)
            if not traits.active_from <= at < traits.active_until:
                continue
            session = self._session(at)
            produced.extend(session)
            busy_until = session[-1].ended_at + MICROSECONDS
        return produced[: traits.daily_quota]

    def _session(self, at: int) -> list[Exchange]:
        traits, rng = self._traits, self._rng
        client = Client(traits.connection.address(rng, at), traits.user_agent)
        name = f"sess-{int(rng.random() * 16**12):012x}"
        if traits.product is not None and rng.random() < traits.product_share:
            if traits.product in _AGENTS:
                return self._agent_session(at, Client(client.ip, _AGENTS[traits.product]), name, traits.product)
            if traits.product in _CLIENTS or traits.works_through:
                address = rng.choice(traits.vendor_addresses) if traits.product in _CALLED_BY_VENDOR else client.ip
                agent = _CLIENTS.get(traits.product, client.user_agent)
                return self._companion_session(at, Client(address, agent), name, traits.product)
            return self._chat(at, client, name, first=text.job_grammar(traits.product).expand(rng, "prompt"))
        return self._chat(at, client, name if rng.random() < 0.5 else None)

    def _chat(self, at: int, client: Client, session: str | None, first: str | None = None) -> list[Exchange]:
        rng, traits, produced = self._rng, self._traits, list[Exchange]()
        topic = text.choose_topic(rng, traits.voice)
        history: list[Message] = []
        message, known = first or text.question(rng, traits.voice, topic), None
        if first is None and self._n_asked < len(traits.questions) and rng.random() < _REAL_SHARE:
            message, known = traits.questions[self._n_asked]
            self._n_asked += 1
        for turn in range(_MAX_TURNS):
            history.append(("user", message))
            answer = (known if turn == 0 else None) or text.answer(rng, topic, length=traits.answer_length)
            request = Request(
                traits.habit.at(at),
                tuple(history[-_KEPT_MESSAGES - 1 :] if turn else history),
                traits.sampling,
                traits.house_system,
                session=session,
                thinks=traits.chat_thinks,
            )
            exchange = self._send(at, client, request, answer, produced)
            history.append(("assistant", exchange.answer))
            at = exchange.ended_at + thinking_gap(rng)
            if rng.random() > _MORE_TURNS:
                break
            message = text.follow_up(rng, traits.voice, topic)
        return produced

    def _agent_session(self, at: int, client: Client, session: str, agent: str) -> list[Exchange]:
        rng, traits, produced = self._rng, self._traits, list[Exchange]()
        grammar = text.job_grammar(agent)
        system = grammar.expand(rng, "system")
        handle = {"handle": f"u{traits.accounts[0].api_key[:5]}"}
        history: list[Message] = []
        while True:
            history.append(("user", grammar.expand(rng, "agent_task" if history else "prompt", handle)))
            steps = 1 + min(10, int(rng.expovariate(1 / 3.5)))
            for step in range(steps):
                answer = grammar.expand(rng, "report" if step == steps - 1 else "tool_call")
                request = Request(
                    traits.habit.at(at),
                    tuple(history[-_AGENT_KEPT_MESSAGES - 1 :]),
                    Sampling(max_tokens=8192, stream=True),
                    system,
                    session=session,
                    n_tools=_AGENT_TOOLS,
                    thinks=traits.agent_thinks,
                )
                exchange = self._send(at, client, request, answer, produced)
                history.append(("assistant", exchange.answer))
                at = exchange.ended_at + program_gap(rng)
                if step < steps - 1:
                    history.append(("user", grammar.expand(rng, "tool_result")))
            if rng.random() < 0.55 or len(produced) > 40:
                return produced
            at += thinking_gap(rng)

    def _companion_session(self, at: int, client: Client, session: str, product: str) -> list[Exchange]:
        """Return one session of single requests, with the system prompt of the product if it has one."""
        rng, produced = self._rng, list[Exchange]()
        grammar = text.job_grammar(product)
        system = self._traits.product_system or (grammar.expand(rng, "system") if product in _CLIENTS else None)
        while True:
            request = Request(
                self._traits.habit.at(at),
                (("user", grammar.expand(rng, "prompt")),),
                Sampling(max_tokens=1024, temperature=0.4),
                system,
                session=session,
            )
            exchange = self._send(at, client, request, grammar.expand(rng, "answer"), produced)
            at = exchange.ended_at + thinking_gap(rng)
            if rng.random() < 0.3 or len(produced) > 25:
                return produced

    def _send(self, at: int, client: Client, request: Request, answer: str, produced: list[Exchange]) -> Exchange:
        """Call the service, again after a pause while it fails, and return the last exchange."""
        for _ in range(3):
            account = self._next_account()
            exchange = self._service.serve(self._rng, Call(self._number, at, account, client, request, answer))
            self._number += 1
            produced.append(exchange)
            if exchange.status == 200:
                break
            at = exchange.ended_at + int(self._rng.uniform(2, 25) * MICROSECONDS)
        return exchange

    def _next_account(self) -> Account:
        """Return the account of the next call: people with several take them in turn."""
        accounts: Sequence[Account] = self._traits.accounts
        return accounts[self._number % len(accounts)]
