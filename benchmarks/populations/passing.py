"""Honest people who pass work on to one another, each with an account and a card of their own; every docstring says why they are honest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from texts import product_frame
from world import DAY, HOUR, MINUTE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from world import Account, Group


def _tried_by(g: Group, people: Sequence[Account], at: float, frame: str | None) -> None:
    """Somebody asks; when it fails, one of the others who sit beside asks the same, soon or after a while."""
    pair = g.texts.person(g.rng)
    g.relay(people, at, pair, g.rng.choice(((5, 90), (2 * MINUTE, 30 * MINUTE))), frame=frame)


def pair_class(g: Group, n: int, *, at_home: bool = False) -> None:
    """A course whose students signed up in the first lecture, on the campus network, and work with another partner every week.

    Everybody pays alone. On the free plan calls are limited, and then the partner asks the same.
    """
    begin, net, frame = g.rng.uniform(0, 2) * DAY + 10 * HOUR, g.cloud(3, 8), product_frame(g.rng)
    common = {"setup": g.setup(client="openai-notebook/1.3"), "tenant": None, "plan": "free", "fail": 0.08, "zone": -5}
    people = [
        g.account(begin + g.rng.uniform(0, 8) * MINUTE, card=g.token("pf"), net=g.home() if at_home else net, **common)
        for _ in range(n)
    ]
    for week in range(max(1, g.days // 7)):
        g.rng.shuffle(people)
        for first, second in zip(people[::2], people[1::2], strict=False):
            for day in g.rng.sample(range(5), 3):
                at = (week * 7 + day) * DAY + 5 * HOUR + g.hour(14, 1)
                for _ in range(g.rng.randrange(3, 9)):
                    _tried_by(g, g.rng.sample((first, second), 2), at, frame)
                    at += g.rng.expovariate(1 / 300)


def remote_class(g: Group, n: int) -> None:
    """The same course held online: everybody at home; partners talk by video."""
    pair_class(g, n, at_home=True)


def help_channel(g: Group, n: int) -> None:
    """A course whose students signed up in the first lecture, pay alone, and help each other in a channel.

    Who is limited tries again after some minutes, or posts the question, and whoever reads it first asks it.
    """
    begin, frame = g.rng.uniform(0, 2) * DAY + 10 * HOUR, product_frame(g.rng)
    common = {"setup": g.setup(client="openai-notebook/1.3"), "tenant": None, "plan": "free", "fail": 0.08, "zone": -5}
    people = [
        g.account(begin + g.rng.uniform(0, 8) * MINUTE, card=g.token("pf"), net=g.home(), **common) for _ in range(n)
    ]
    for person in people:
        for day in g.workdays(-5, 0.5, 0.3):
            at = day + g.hour(15, 3)
            for _ in range(g.rng.randrange(3, 9)):
                others = [g.rng.choice((person, g.rng.choice(people))) for _ in range(2)]
                g.relay([person, *others], at, g.texts.person(g.rng), (2 * MINUTE, 30 * MINUTE), frame=frame)
                at += g.rng.expovariate(1 / 300)


def mentors(g: Group, n: int) -> None:
    """A contest with teams of four and mentors who go from team to team; who is not limited asks for the others."""
    begin, frame = (g.rng.choice((4, 11)) % g.days) * DAY + 16 * HOUR, product_frame(g.rng)
    common = {
        "net": g.cloud(2, 4),
        "setup": g.setup(client="starter-kit/0.4 openai-python"),
        "tenant": None,
        "fail": 0.06,
    }
    people = [
        g.account(begin + g.rng.uniform(0, 1) * HOUR, card=g.token("pf"), plan="free", **common) for _ in range(n)
    ]
    helpers, teams = people[: n // 8], people[n // 8 :]
    for k in range(0, len(teams), 4):
        team = teams[k : k + 4]
        for _ in range(60):
            who = g.rng.sample(team, len(team))[:2] + ([g.rng.choice(helpers)] if g.rng.random() < 0.4 else [])
            _tried_by(g, who, begin + HOUR + g.rng.uniform(0, 40) * HOUR, frame)


def service_centre(g: Group, n: int) -> None:
    """A service centre answers tickets for twelve clients, each with a tenant and a card; hard ones go to its specialists."""
    net, setup, frame = g.cloud(3), g.setup(client="ticketdesk/4"), product_frame(g.rng)
    clients = [{"tenant": g.token("org"), "card": g.token("pf")} for _ in range(12)]
    desk = [
        g.account(mail="desk-elm.example", net=net, setup=setup, frame=frame, **clients[i % 12])
        for i in range(n - n // 6)
    ]
    experts = [g.account(mail="desk-elm.example", net=net, setup=setup, frame=frame) for _ in range(n // 6)]
    for at in g.times(n * 2 * g.days, "office"):
        client, done = g.rng.randrange(12), []
        who = g.rng.choice(desk[client::12])
        for pair in g.texts.talk(g.rng, g.rng.randrange(2, 7)):
            at = g.ask(who, at, pair, history=done[-6:]) + g.rng.expovariate(1 / 400)
            done.append(pair)
            who = (
                g.rng.choice(experts)
                if g.rng.random() < 0.15
                else g.rng.choice(desk[client::12])
                if g.rng.random() < 0.2
                else who
            )


def share_links(g: Group, n: int) -> None:
    """Users of a chat program that makes links of conversations: others open a link and go on with it on their own account."""
    setup = g.setup(client="meridian-share/2.0", stream=True)
    people = [g.account(net=g.home(), setup=setup) for _ in range(n)]
    links: list[list[tuple[str, str]]] = []
    for a in people:
        for day in g.workdays(a.zone, 0.6, 0.5):
            at = day + g.hour(19, 3)
            done = list(g.rng.choice(links)) if links and g.rng.random() < 0.25 else []
            for pair in g.texts.talk(g.rng, g.rng.randrange(2, 7)):
                at = g.ask(a, at, pair, history=done[-6:]) + g.rng.expovariate(1 / 90)
                done.append(pair)
            if g.rng.random() < 0.2:
                links.append(done)


def critique_circle(g: Group, n: int) -> None:
    """A writing circle that met at a course: drafts made with the model go round, and whoever reads one asks the model about it."""
    begin = g.rng.uniform(0, 1) * DAY
    people = [
        g.account(begin + g.rng.uniform(0, 9) * MINUTE, net=g.home(), tenant=None, card=g.token("pf")) for _ in range(n)
    ]
    for day in range(1, g.days):
        for _ in range(max(1, n // 4)):
            writer, reader = g.rng.sample(people, 2)
            draft = g.texts.person(g.rng)
            at = g.ask(writer, day * DAY + g.hour(18, 2), draft) + g.rng.uniform(1, 20) * HOUR
            g.ask(reader, at, (f"What would you change in this draft?\n\n{draft[1]}", g.texts.answer(g.rng)))
    for a in people:
        for day in g.workdays(a.zone, 0.5, 0.4):
            g.chat(a, day + g.hour(19, 2.6), g.rng.randrange(2, 6))


def crowd_work(g: Group, n: int) -> None:
    """A platform for small jobs: workers use accounts of their own; a job that one gives up is offered to the next one.

    The platform is an honest business that answers for its customers; the workers do not know each other.
    """
    frame, setup = product_frame(g.rng), g.setup(client="taskhive-helper/1.1")
    people = [g.account(net=g.home(), setup=setup, tenant=None, card=g.token("pf"), fail=0.04) for _ in range(n)]
    for at in g.times(n * g.rng.randrange(5, 12) * g.days, "office"):
        g.relay(g.rng.sample(people, 3), at, g.texts.pair("lookup", g.rng), (3 * MINUTE, 50 * MINUTE), frame=frame)


PASSING: dict[str, Callable[[Group, int], None]] = {
    f.__name__: f
    for f in (pair_class, remote_class, help_channel, mentors, service_centre, share_links, critique_circle, crowd_work)
}
