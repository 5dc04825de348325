"""Ordinary customers: what every log consists of, before anything odd is put into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from texts import name, product_frame
from world import DAY, FREE_MAIL, HOUR, MINUTE, THROWAWAY, Account, Group

if TYPE_CHECKING:
    from collections.abc import Callable

    from world import World


def developers(g: Group, n: int) -> None:
    """People who write and try programs on working days; some with a system prompt of their own, some with throwaway mail."""
    for _ in range(n):
        mail = {"mail": g.rng.choice(THROWAWAY)} if g.rng.random() < 0.04 else {}
        a, rate = g.account(**mail), g.rng.lognormvariate(1.0, 0.8)
        a.frame = product_frame(g.rng) if g.rng.random() < 0.4 else None
        a.banned = g.rng.uniform(0, g.end) if g.rng.random() < 0.02 else a.banned  # a card ran out
        topic = g.rng.choice(("people", "people", "code", "lookup", "translate"))
        for day in g.workdays(a.zone, g.rng.uniform(0.15, 0.7)):
            at = day + g.hour()
            for _ in range(1 + int(g.rng.expovariate(1 / rate))):
                pair = (
                    g.texts.person(g.rng) if topic == "people" or g.rng.random() < 0.3 else g.texts.pair(topic, g.rng)
                )
                at = g.ask(a, at, pair) + g.rng.expovariate(1 / 200)


def chatters(g: Group, n: int) -> None:
    """People who talk with the model in the evening, in conversations of several turns."""
    for i in range(n):
        net = {"net": g.rng.choice(g.world.carriers)} if i % 7 == 0 else {"net": g.home()}
        a = g.account(setup=g.setup(temperature=None, max_tokens=None, stream=True), **net)
        for day in g.workdays(a.zone, g.rng.uniform(0.1, 0.5), 0.4):
            g.chat(a, day + g.hour(19, 2.6), g.rng.randrange(2, 9))


def siblings(g: Group, first: Account, n: int, apart: float = HOUR) -> list[Account]:
    """Return an account with `n` further keys of the same owner, opened `apart` seconds one after the other."""
    own = ("tenant", "card", "mail", "plan", "frame", "net", "zone", "setup", "listed", "fail")
    same = {field: getattr(first, field) for field in own}
    return [first, *(g.account(first.made + i * apart, **same) for i in range(1, n + 1))]


def small_firms(g: Group, n: int) -> None:
    """Firms with three to six keys under one tenant and card, which fail over among their own keys."""
    while n > 0:
        keys = siblings(g, g.account(frame=product_frame(g.rng), fail=0.02), g.rng.randrange(2, 6))
        n -= len(keys)
        for day in g.workdays(keys[0].zone, 0.9, 0.3):
            for _ in range(int(g.rng.expovariate(1 / (2.6 * len(keys))))):
                pair = g.texts.pair(g.rng.choice(("lookup", "people", "classify")), g.rng)
                g.relay(g.rng.sample(keys, 2), day + g.hour(13, 4), pair, (0.3, 3))


def products(g: Group, n: int) -> None:
    """Applications with users of their own, busy day and night with a daily curve."""
    for _ in range(n):
        a = g.account(frame=product_frame(g.rng), net=g.cloud(g.rng.choice((1, 2, 4, 9))))
        topic = g.rng.choice(("people", "lookup", "translate", "classify", "roleplay"))
        rate, names_users = min(60, g.rng.lognormvariate(2.4, 0.9)), g.rng.random() < 0.5
        for at in g.times(int(rate * g.days), g.rng.choice(("flat", "office", "office")), a.zone):
            user = f"u{g.rng.randrange(400)}" if names_users else None
            g.ask(a, at, g.texts.person(g.rng) if topic == "people" else g.texts.pair(topic, g.rng), user=user)


def night_batches(g: Group, n: int) -> None:
    """A timer starts a run over new records every night or week."""
    for _ in range(n):
        a = g.account(frame=product_frame(g.rng), setup=g.setup(temperature=0.0), net=g.cloud(1))
        topic = g.rng.choice(("classify", "translate", "lookup", "instructions"))
        hour, size, every = g.rng.uniform(0, 8) * HOUR, g.rng.lognormvariate(2.3, 0.7), g.rng.choice((1, 1, 1, 7))
        for day in range(0, g.days, every):
            at = day * DAY + hour
            for _ in range(1 + int(g.rng.gauss(size, size / 4))):
                at = g.ask(a, at, g.texts.pair(topic, g.rng)) + g.rng.uniform(0.1, 2)


def agent_users(g: Group, n: int) -> None:
    """Users of one agent product: its system prompt and client are common, keys and hours are theirs."""
    frame = f"You are {name(g.rng)}, an agent in a terminal. Read files before you change them, and run the tests."
    setup = g.setup(client="tidewright-cli/1.8.2 node-fetch", temperature=1.0, max_tokens=8192, stream=True)
    for _ in range(n):
        a = g.account(frame=frame, setup=setup, net=g.home())
        for day in g.workdays(a.zone, 0.5):
            at, done, session = day + g.hour(), [], g.token("sess")
            for step in range(g.rng.randrange(3, 14)):
                files = " ".join(f"src/{name(g.rng)}.py:{g.rng.randrange(900)}" for _ in range(g.rng.randrange(1, 9)))
                result = (f"[tool result] exit {g.rng.randrange(2)}: {files}", g.texts.answer(g.rng))
                pair = result if step % 4 else g.texts.pair("code", g.rng)
                at = g.ask(a, at, pair, history=done[-4:], session=session) + g.rng.expovariate(1 / 12)
                done.append(pair)


def tasters(g: Group, n: int) -> None:
    """People who sign up, try a handful of calls within a day or two, and leave."""
    for _ in range(n):
        card, mail = g.rng.choice((None, None, g.token("pf"))), g.rng.choice((*FREE_MAIL, *THROWAWAY[:2]))
        a = g.account(g.rng.uniform(-0.5 * DAY, g.end - DAY), plan="free", card=card, mail=mail)
        at = a.made + g.rng.uniform(1, 30) * MINUTE
        for _ in range(g.rng.randrange(2, 14)):
            at = g.ask(a, at, g.texts.person(g.rng)) + g.rng.expovariate(1 / 300) * g.rng.choice((1, 1, 1, 40))


SHARES: dict[Callable[[Group, int], None], float] = {
    developers: 0.33, chatters: 0.2, small_firms: 0.12, products: 0.09, night_batches: 0.07, agent_users: 0.07, tasters: 0.12,
}  # fmt: skip


def settle(world: World, size: float) -> None:
    """Add about `size` ordinary accounts."""
    for kind, share in SHARES.items():
        kind(Group(world, kind.__name__), round(size * share))
