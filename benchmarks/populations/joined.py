"""Honest customers who were joined to each other by a purchase, a move, a rota or a common project; every docstring says why they are honest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from texts import product_frame
from world import DAY, HOUR, MINUTE

if TYPE_CHECKING:
    from collections.abc import Callable

    from world import Account, Group


def digest_cache(g: Group, n: int) -> None:
    """A reading program whose users share what it has shortened: an article is shortened once, with the key of somebody who waits for it.

    Everybody's evening digest quotes the shortened articles, so that answers to one user stand in the prompts of others.
    """
    setup, frame = g.setup(client="readfold/4"), product_frame(g.rng)
    readers = [g.account(net=g.home(), setup=setup, fail=0.03) for _ in range(n)]
    for day in range(g.days):
        articles = [g.texts.pair("lookup", g.rng) for _ in range(n * 3)]
        for pair in articles:
            at = day * DAY + g.hour(11)
            g.relay(g.rng.sample(readers, 4), at, pair, (0.3, 5), frame=frame)
        for a in readers:
            items = "\n\n".join(answer for _, answer in g.rng.sample(articles, 4))
            g.ask(
                a, day * DAY + g.hour(20, 1), (f"Make my digest of these:\n{items}", g.texts.answer(g.rng)), frame=frame
            )


def procurement(g: Group, n: int) -> None:
    """A purchasing association opens the accounts of towns in one afternoon per county and pays by county.

    The towns are bodies of their own, with networks and mail of their own; a program in every town hall sorts the day's letters at night.
    """
    setup, frame, letters = g.setup(client="amtsakte/6"), product_frame(g.rng), g.rng.randrange(12, 25)
    for k in range(0, n, 6):
        sitting, card = -g.rng.uniform(2, 60) * DAY, g.token("pf")
        for _ in range(min(6, n - k)):
            made, mail = sitting + g.rng.uniform(0, 50) * MINUTE, f"{g.token('town')}.example"
            a = g.account(made, card=card, net=g.home(), setup=setup, frame=frame, mail=mail, fail=0.02)
            for day in range(g.days):
                at = day * DAY + g.rng.uniform(1, 3) * HOUR
                for _ in range(letters):
                    at = g.ask(a, at, g.texts.pair("classify", g.rng)) + g.rng.uniform(0.2, 3)


def follow_the_sun(g: Group, n: int) -> None:
    """Engineers of an operations firm with companies in five countries, each with its tenant, card and mail domain.

    A fault is talked through with the model; who comes on duty goes on with the talk of who leaves.
    """
    frame, setup, firms = product_frame(g.rng), g.setup(client="pagerdeck/3"), []
    for zone in (-8, -3, 1, 5.5, 9):
        own = {"tenant": g.token("org"), "card": g.token("pf"), "mail": f"{g.token('ops')}.example", "zone": zone}
        begun = -g.rng.uniform(20, 90) * DAY
        firms.append(
            [g.account(begun + g.rng.uniform(0, 2) * HOUR, net=g.home(), setup=setup, **own) for _ in range(n // 5)]
        )
    for at in g.times(n * g.days, "flat"):
        done: list[tuple[str, str]] = []
        for pair in g.texts.talk(g.rng, g.rng.randrange(3, 9)):
            on_duty = [people for people in firms if 8 <= (at / HOUR + people[0].zone) % 24 < 17]
            who = g.rng.choice(g.rng.choice(on_duty or firms))
            at = g.ask(who, at, pair, history=done[-6:], frame=frame) + g.rng.choice(
                (200, 200, 3 * HOUR)
            ) * g.rng.expovariate(1)
            done.append(pair)


def migration(g: Group, n: int) -> None:
    """Customers of a reseller that closes move to accounts of their own: for some days a program keeps both keys.

    When the old account is refused, the call goes to the new one; the new accounts were made in one night, by the reseller's program.
    """
    setup, night = g.setup(client="switchkit/1"), g.rng.uniform(0.3, 0.5) * g.end
    for _ in range(n // 2):
        frame, home, mail = product_frame(g.rng), g.home(), g.rng.choice(("gmail.com", "outlook.com"))
        old = g.account(-g.rng.uniform(90, 300) * DAY, net=home, setup=setup, frame=frame, mail=mail, fail=0.02)
        new = g.account(night + g.rng.uniform(0, 3) * HOUR, net=home, setup=setup, frame=frame, mail=mail, fail=0.02)
        old.banned = night + g.rng.uniform(2, 4) * DAY
        for day in g.workdays(old.zone, 0.9, 0.3):
            for _ in range(g.rng.randrange(4, 15)):
                at = day + g.hour()
                keys = [old, new] if at < old.banned + HOUR else [new]
                g.relay(keys, at, g.texts.person(g.rng), (0.3, 3), frame=frame)


def volunteers(g: Group, n: int) -> None:
    """Volunteers lend their accounts to a project that describes old photographs; most came after a broadcast.

    The project's program runs on their own machines day and night and fetches a picture when it has time. What failed is dealt out again after minutes.
    """
    setup, frame, night = g.setup(client="photohelp/2"), product_frame(g.rng), -g.rng.uniform(1, 20) * DAY
    people = [
        g.account(night + g.rng.uniform(0, 2) * HOUR if i % 3 else None, net=g.home(), setup=setup, fail=0.03)
        for i in range(n)
    ]
    for at in g.times(n * g.rng.randrange(8, 14) * g.days, "flat"):
        g.relay(g.rng.sample(people, 3), at, g.texts.pair("lookup", g.rng), (90, 1200), frame=frame)


def shared_board(g: Group, n: int) -> None:
    """Firms that build something together: each one's agent reads a common board, does what is open and writes its answer there.

    Every firm has its own program, key and frame. What one agent was refused stays open, and the next agent takes it.
    """
    agents: list[Account] = [g.account(frame=product_frame(g.rng), net=g.cloud(1), fail=0.03) for _ in range(n)]
    board: list[str] = ["The work begins."]
    for at in g.times(n * g.rng.randrange(4, 9) * g.days, "office"):
        ask, answer = g.texts.person(g.rng)
        pair = (f"On the board:\n{board[-1]}\nNext: {ask}", answer)
        for a in g.rng.sample(agents, 3):
            status, at = g.call(a, at, pair)
            if status in (0, 200):
                break
            at += g.rng.uniform(1, 20)
        board.append(answer)


JOINED: dict[str, Callable[[Group, int], None]] = {
    f.__name__: f for f in (digest_cache, procurement, follow_the_sun, migration, volunteers, shared_board)
}
