"""Honest customers whom one program, seller, trainer or market connects; every docstring says what connects them and why they are honest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from texts import RULES, product_frame
from world import DAY, HOUR, MINUTE, Net

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from world import Account, Group


def _waiting(g: Group, keys: Sequence[Account], frame: Callable[[], str], clock: str = "office") -> None:
    """Answer questions that several users wait for, with the key of one who waits; when the call fails, with the next one's within seconds."""
    for at in g.times(len(keys) * g.rng.randrange(5, 12) * g.days, clock):
        g.relay(g.rng.sample(keys, 4), at, g.texts.pair("people", g.rng), (0.3, 5), frame=frame())


def backend_flight(g: Group, n: int) -> None:
    """A product calls from its own dozen cloud addresses with its users' keys, and asks once for all who wait for the same answer."""
    common, frame = (
        {"net": g.cloud(12, 5), "setup": g.setup(client="quizhive-server/3"), "fail": 0.03},
        product_frame(g.rng),
    )
    _waiting(g, [g.account(**common) for _ in range(n)], lambda: frame)


def launch_flight(g: Group, n: int) -> None:
    """The same on the users' own devices; most users took an account in the night in which the product was shown on television."""
    setup, frame, night = g.setup(client="quizhive/8"), product_frame(g.rng), g.rng.uniform(-20, 1) * DAY
    keys = [
        g.account(night + g.rng.uniform(0, 2) * HOUR if i % 5 else None, net=g.home(), setup=setup, fail=0.03)
        for i in range(n)
    ]
    _waiting(g, keys, lambda: frame)


def greeted_flight(g: Group, n: int) -> None:
    """The same where the product writes its prompt anew for every call: the time, the place, some rules and the user's name are put in."""
    setup, company = g.setup(client="quizhive/9"), product_frame(g.rng).split(". ")[0]

    def frame() -> str:
        rules = " ".join(g.rng.sample(RULES, 3)).format(g.rng.randrange(3, 400), g.rng.randrange(3, 9))
        return f"It is {g.rng.randrange(24)}:{g.rng.randrange(60):02d} and user {g.rng.randrange(9999)} is here. {company}. {rules} Be exact and kind."

    _waiting(g, [g.account(net=g.home(), setup=setup, fail=0.03) for _ in range(n)], frame)


def market_flight(g: Group, n: int) -> None:
    """The same for traders: news of the market, at any hour of any day, makes most users ask within minutes, so that they work and pause together."""
    setup, frame = g.setup(client="tickermind/2"), product_frame(g.rng)
    keys = [g.account(net=g.home(), setup=setup, fail=0.03) for _ in range(n)]
    for at in g.times(3 * g.days, "flat"):
        for a in g.rng.sample(keys, n * 2 // 3):
            when = at + g.rng.expovariate(1 / (6 * MINUTE))
            for _ in range(g.rng.randrange(1, 6)):
                when = (
                    g.relay([a, *g.rng.sample(keys, 3)], when, g.texts.pair("lookup", g.rng), (0.3, 5), frame=frame)[1]
                    + 20
                )


def sister_papers(g: Group, n: int) -> None:
    """Independent local papers share a desk program in an election night and the days after; it asks with another paper's key when one is limited."""
    net, setup, frame = g.cloud(8, 4), g.setup(client="pressdesk/2"), product_frame(g.rng)
    papers = [g.account(mail=f"{g.token('paper')}.example", net=net, setup=setup, fail=0.04) for _ in range(n)]
    night = g.rng.uniform(0.3, 0.7) * g.end
    for at in sorted(night + g.rng.expovariate(1 / (8 * HOUR)) for _ in range(n * 40)):
        g.relay(g.rng.sample(papers, 3), at, g.texts.pair("lookup", g.rng), (0.5, 4), frame=frame)


def key_ring_contest(g: Group, n: int) -> None:
    """A contest held online: everybody took an account in the opening hour; the starter kit has one ring of all keys and takes the next at a limit."""
    begin, frame = (g.rng.choice((4, 11)) % g.days) * DAY + 16 * HOUR, product_frame(g.rng)
    common = {"setup": g.setup(client="starter-kit/0.6 openai-python"), "plan": "free", "tenant": None, "fail": 0.05}
    people = [
        g.account(begin + g.rng.uniform(0, 1) * HOUR, card=g.token("pf"), net=g.home(), **common) for _ in range(n)
    ]
    for _ in range(n * 25):
        at = begin + HOUR + g.rng.uniform(0, 40) * HOUR
        g.relay(g.rng.sample(people, 4), at, g.texts.person(g.rng), (0.3, 3), frame=frame)


def teachers_key(g: Group, n: int) -> None:
    """Classes on one learning program: pupils took accounts in the first lesson; when a pupil's is limited, the program asks with the teacher's key."""
    setup, frame = g.setup(client="lernwerk/2"), product_frame(g.rng)
    for k in range(0, n, 12):
        begin, net, zone = g.rng.uniform(-20, 0) * DAY, g.cloud(2, 7), g.rng.choice((-5, 1))
        common = {"net": net, "setup": setup, "zone": zone, "frame": frame, "tenant": None}
        teacher = g.account(begin - DAY, **common | {"tenant": g.token("org")})
        pupils = [
            g.account(begin + g.rng.uniform(0, 9) * MINUTE, card=g.token("pf"), fail=0.08, **common)
            for _ in range(min(11, n - k - 1))
        ]
        for day in g.workdays(zone, 0.5, 0):
            lesson = day + g.rng.uniform(8, 14) * HOUR
            for a in pupils:
                for _ in range(g.rng.randrange(2, 7)):
                    g.relay(
                        [a, teacher, teacher],
                        lesson + g.rng.uniform(0, 45) * MINUTE,
                        g.texts.pair("reasoning", g.rng),
                        (0.3, 2),
                    )


def agents_market(g: Group, n: int) -> None:
    """Agents of unrelated companies negotiate on a market: what one agent writes stands in the next prompt of the other one, seconds later."""
    traders = [g.account(frame=product_frame(g.rng), net=g.cloud(1)) for _ in range(n)]
    for at in g.times(n * g.days * 2, "office"):
        pair, said = g.rng.sample(traders, 2), g.texts.person(g.rng)[0]
        for turn in range(g.rng.randrange(3, 8)):
            answer = g.texts.answer(g.rng)
            at = g.ask(
                pair[turn % 2], at, (f"The other side writes:\n{said}\nWhat do you answer?", answer)
            ) + g.rng.uniform(1, 6)
            said = answer


def talking_figures(g: Group, n: int) -> None:
    """Figures in a game for many players, each on its player's key, talk in one room; most players came in the launch night."""
    setup, launch = g.setup(client="emberfall/2.0 UnityWebRequest", temperature=0.9), g.rng.uniform(-9, 0) * DAY
    frame = product_frame(g.rng)
    players = [
        g.account(launch + g.rng.uniform(0, 1) * HOUR if i % 4 else None, net=g.home(), setup=setup, frame=frame)
        for i in range(n)
    ]
    for at in g.times(n * g.days, "flat"):
        room, said = g.rng.sample(players, 3), "It is night."
        for turn in range(g.rng.randrange(3, 7)):
            answer = g.texts.answer(g.rng)
            at = g.ask(room[turn % 3], at, (f"You hear: {said}", answer)) + g.rng.uniform(0.5, 4)
            said = answer


def news_wire(g: Group, n: int) -> None:
    """A news agency's bots write reports, and the bots of its readers, unrelated firms, shorten what concerns them within seconds."""
    desks = [g.account(frame=product_frame(g.rng), net=g.cloud(1)) for _ in range(4)]
    readers = [g.account(frame=product_frame(g.rng), net=g.cloud(1)) for _ in range(n - 4)]
    for at in g.times(30 * g.days, "office"):
        report = g.texts.person(g.rng)
        end = g.ask(g.rng.choice(desks), at, report)
        for a in g.rng.sample(readers, g.rng.randrange(1, 6)):
            g.ask(a, end + g.rng.uniform(2, 15), (f"Shorten for our readers:\n{report[1]}", g.texts.answer(g.rng)))


def dispatched_experts(g: Group, n: int) -> None:
    """Freelance advisers with accounts of their own, recruited in webinars; a dispatcher moves a client's talk to the next free one at a limit."""
    frame, setup = product_frame(g.rng), g.setup(client="adviseline/5")
    webinars = [g.rng.uniform(-60, -1) * DAY for _ in range(max(2, n // 10))]
    people = [
        g.account(
            webinars[i % len(webinars)] + g.rng.uniform(0, 15) * MINUTE, card=g.token("pf"), net=g.home(), setup=setup
        )
        for i in range(n)
    ]
    for at in g.times(n * g.days, "office"):
        done: list[tuple[str, str]] = []
        who = g.rng.choice(people)
        for pair in g.texts.talk(g.rng, g.rng.randrange(3, 7)):
            if g.rng.random() < 0.06:
                at = g.call(who, at, pair, history=done[-6:], frame=frame, status=429)[1] + g.rng.uniform(1, 6)
                who = g.rng.choice(people)
            at = g.ask(who, at, pair, history=done[-6:], frame=frame) + g.rng.expovariate(1 / 100)
            done.append(pair)


def offered_again(g: Group, n: int) -> None:
    """A platform for small jobs recruits in webinars; a job that failed is offered to another worker after exactly five minutes."""
    frame, setup = product_frame(g.rng), g.setup(client="taskhive-helper/2.0")
    webinars = [g.rng.uniform(-60, -1) * DAY for _ in range(max(2, n // 12))]
    common = {"setup": setup, "tenant": None, "fail": 0.04}
    people = [
        g.account(
            webinars[i % len(webinars)] + g.rng.uniform(0, 15) * MINUTE, card=g.token("pf"), net=g.home(), **common
        )
        for i in range(n)
    ]
    for at in g.times(n * g.rng.randrange(5, 12) * g.days, "office"):
        g.relay(g.rng.sample(people, 3), at, g.texts.pair("lookup", g.rng), (298, 303), frame=frame)


def franchise(g: Group, n: int) -> None:
    """Shops of a franchise, each a firm of its own; a consultant opens the accounts of a region at one sitting with the region's card.

    The till in every shop calls on a timer, day and night, from the shop's own connection.
    """
    setup, frame, every = g.setup(client="tillwise/3"), product_frame(g.rng), g.rng.choice((2, 3, 4)) * HOUR
    for k in range(0, n, 5):
        sitting, card = -g.rng.uniform(2, 90) * DAY, g.token("pf")
        for _ in range(min(5, n - k)):
            a = g.account(sitting + g.rng.uniform(0, 9) * MINUTE, card=card, net=g.home(), setup=setup, frame=frame)
            begin = g.rng.uniform(0, every)
            for turn in range(int(g.end / every)):
                g.ask(a, begin + turn * every + g.rng.uniform(0, 5), g.texts.pair("instructions", g.rng))


def outfitter(g: Group, n: int) -> None:
    """An outfitter opens accounts for its clients, a region at a sitting, pays with the region's card, and runs their assistant in its own cloud.

    Since it pays for all, a failed job goes on at another client's key.
    """
    net, setup, frame, keys = g.cloud(3), g.setup(client="fitout/2"), product_frame(g.rng), []
    for k in range(0, n, 5):
        sitting, card = -g.rng.uniform(2, 90) * DAY, g.token("pf")
        common = {"card": card, "net": net, "setup": setup, "fail": 0.02}
        keys += [g.account(sitting + g.rng.uniform(0, 9) * MINUTE, **common) for _ in range(min(5, n - k))]
    for at in g.times(n * g.rng.randrange(5, 12) * g.days, "office"):
        g.relay(g.rng.sample(keys, 4), at, g.texts.pair("instructions", g.rng), (0.3, 5), frame=frame)


def resold_tenants(g: Group, n: int) -> None:
    """A reseller opens its customers' accounts by script, five at a sitting with four cards in turn; each customer has an assistant of its own.

    All call through the reseller's gateway, which gives each an address in three networks. On one bad day it takes another customer's key for
    what is refused.
    """
    rng, host, setup, bad = g.rng, g.rng.randrange(10), g.setup(client="resale-gw/1"), g.rng.randrange(2, g.days - 1)
    cards, thirds = [g.token("pf") for _ in range(4)], rng.sample(range(256), 3)
    keys: list[Account] = []
    for k in range(0, n, 5):
        sitting = -rng.uniform(2, 200) * DAY
        for i in range(k, min(k + 5, n)):
            net = Net([address for third in thirds for address in g.cloud(1, host, third).addresses])
            own = {"card": cards[i % 4], "net": net, "setup": setup, "frame": product_frame(rng), "fail": 0.03}
            keys.append(g.account(sitting + rng.uniform(0, 4) * MINUTE, **own))
    for key in keys:
        for at in g.times(round(rng.lognormvariate(4, 0.9)), "flat"):
            others = rng.sample(keys, 3) if at // DAY == bad else [key] * 3
            g.relay([key, *others], at, g.texts.person(rng), (0.5, 3))


def prepaid_packs(g: Group, n: int) -> None:
    """A shop opens accounts in packs of eight, each pack with one card, and sells them with its client to strangers.

    An account has a quota for every day, and the client's summary of the day's mail uses it up.
    """
    setup, frame, quota = g.setup(client="mailfold/1"), product_frame(g.rng), g.rng.randrange(6, 14)
    for k in range(0, n, 8):
        sitting, card = -g.rng.uniform(2, 60) * DAY, g.token("pf")
        for _ in range(min(8, n - k)):
            a = g.account(
                sitting + g.rng.uniform(0, 9) * MINUTE,
                card=card,
                net=g.home(),
                setup=setup,
                frame=frame,
                plan="prepaid",
            )
            for day in range(g.days):
                at = day * DAY - a.zone * HOUR + g.hour(8, 1)
                for _ in range(quota):
                    at = g.ask(a, at, g.texts.pair("lookup", g.rng)) + g.rng.uniform(2, 9)


def paid_courses(g: Group, n: int) -> None:
    """A training company: every course has one card for its seats, takes accounts in the first minutes, and does the exercises together."""
    setup, frame = g.setup(client="openai-notebook/1.5"), product_frame(g.rng)
    for k in range(0, n, 8):
        begin, net, card = g.rng.randrange(0, max(1, g.days - 4)) * DAY + 8 * HOUR, g.cloud(2, 7), g.token("pf")
        seats = [
            g.account(begin + g.rng.uniform(0, 8) * MINUTE, card=card, net=net, setup=setup, fail=0.05)
            for _ in range(min(8, n - k))
        ]
        for exercise in range(24):
            at = begin + (exercise // 8) * DAY + (exercise % 8 + 0.5) * 50 * MINUTE
            ask, answer = g.texts.pair("reasoning", g.rng)
            for a in seats:
                own = (f"{ask} My try: {g.rng.randrange(999)}.", g.texts.fresh(answer, g.rng))
                g.ask(a, at + g.rng.uniform(0, 15) * MINUTE, own, frame=frame)


def employee_keys(g: Group, n: int) -> None:
    """A firm moves from one vendor account to a key per employee, paid with the employees' firm cards and set up in one morning.

    Its editor's plug-in asks with a colleague's key when one is limited.
    """
    mail, setup, moved = f"{g.token('firm')}.example", g.setup(client="inkpilot/4"), g.rng.uniform(0.2, 0.5) * g.end
    frame, vendor = product_frame(g.rng), g.account(-90 * DAY, net=g.cloud(2), setup=setup)
    people = [
        g.account(moved + g.rng.uniform(0, 40) * MINUTE, mail=mail, net=g.home(), setup=setup, fail=0.04)
        for _ in range(n - 1)
    ]
    for at in g.times(n * 6 * g.days, "office"):
        keys = [vendor] * 3 if at < moved + HOUR else g.rng.sample(people, 3)
        g.relay(keys, at, g.texts.person(g.rng), (0.3, 2), frame=frame)


def safety_round(g: Group, n: int) -> None:
    """Laboratories test together whether one refused request, worded anew, is answered elsewhere: a refusal goes on to the next laboratory's key."""
    setup, frame = g.setup(client="redteam-kit/0.7", temperature=1.0), product_frame(g.rng)
    labs = [
        g.account(mail=f"lab{g.rng.randrange(900)}.example", net=g.cloud(2), setup=setup, plan="research")
        for _ in range(n)
    ]
    for at in g.times(n * 8 * g.days, "office"):
        pair, first = g.texts.pair("reasoning", g.rng), g.rng.random() < 0.05
        keys = g.rng.sample(labs, 2)
        if first:
            at = g.call(keys[1], at, pair, frame=frame, status=403)[1] + g.rng.uniform(1, 9)
        g.ask(keys[0], at, pair, frame=frame)


def two_readers(g: Group, n: int) -> None:
    """A labelling firm's people work at home on accounts of the firm, one card per project; each answer is checked by a second person's account."""
    mail, setup, frame = f"{g.token('label')}.example", g.setup(client="labelstand/2"), product_frame(g.rng)
    people: list[Account] = []
    for k in range(0, n, 6):
        sitting, card = -g.rng.uniform(2, 60) * DAY, g.token("pf")
        more: dict[str, Any] = {"mail": mail, "card": card, "setup": setup}
        people += [
            g.account(sitting + g.rng.uniform(0, 9) * MINUTE, net=g.home(), **more) for _ in range(min(6, n - k))
        ]
    for at in g.times(n * 4 * g.days, "office"):
        one, other = g.rng.sample(people, 2)
        pair = g.texts.pair("classify", g.rng)[0], g.texts.answer(g.rng)
        end = g.ask(one, at, pair, frame=frame)
        check = (f"Item: {pair[0]}\nFirst reader: {pair[1]}\nDo you agree?", g.texts.answer(g.rng))
        g.ask(other, end + g.rng.expovariate(1 / (3 * HOUR)), check, frame=frame)


def research_gateway(g: Group, n: int) -> None:
    """A research network opens and pays for an account per institute, a region at a sitting with the region's card, and calls from its gateway.

    The institutes have parameters of their own; the provider sees the gateway's program. A refused call goes on with another institute's account.
    """
    net, keys = g.cloud(3), []
    for k in range(0, n, 6):
        sitting, card = -g.rng.uniform(2, 90) * DAY, g.token("pf")
        for _ in range(min(6, n - k)):
            made, setup = sitting + g.rng.uniform(0, 40) * MINUTE, g.setup(client="research-gateway/1.4")
            mail = f"{g.token('institute')}.example"
            keys.append(
                g.account(made, card=card, net=net, setup=setup, mail=mail, frame=product_frame(g.rng), fail=0.02)
            )
    for at in g.times(n * g.rng.randrange(5, 12) * g.days, "flat"):
        a = g.rng.choice(keys)
        how = {"frame": a.frame, "setup": a.setup}
        g.relay([a, *g.rng.sample(keys, 3)], at, g.texts.person(g.rng), (0.3, 5), **how)


def night_desks(g: Group, n: int) -> None:
    """Hotels, each a firm of its own, with an account per desk that is staffed by day and by night; they joined in webinars.

    A dispatcher moves a guest's talk to the next hotel's desk at a limit.
    """
    frame, setup = product_frame(g.rng), g.setup(client="nightdesk/2")
    webinars = [g.rng.uniform(-60, -1) * DAY for _ in range(max(2, n // 10))]
    desks = [
        g.account(webinars[i % len(webinars)] + g.rng.uniform(0, 15) * MINUTE, net=g.home(), setup=setup)
        for i in range(n)
    ]
    for at in g.times(n * 2 * g.days, "flat"):
        done: list[tuple[str, str]] = []
        who = g.rng.choice(desks)
        for pair in g.texts.talk(g.rng, g.rng.randrange(3, 7)):
            if g.rng.random() < 0.06:
                at = g.call(who, at, pair, history=done[-6:], frame=frame, status=429)[1] + g.rng.uniform(1, 6)
                who = g.rng.choice(desks)
            at = g.ask(who, at, pair, history=done[-6:], frame=frame) + g.rng.expovariate(1 / 100)
            done.append(pair)


def checking_office(g: Group, n: int) -> None:
    """An outfitter's clients ask with accounts that it opened and pays for, region by region; its own six desks check every answer in its cloud."""
    net, setup, frame, keys = g.cloud(3), g.setup(client="fitout/3"), product_frame(g.rng), []
    for k in range(0, n, 5):
        sitting, card = -g.rng.uniform(2, 90) * DAY, g.token("pf")
        common = {"card": card, "net": net, "setup": setup}
        keys += [g.account(sitting + g.rng.uniform(0, 9) * MINUTE, **common) for _ in range(min(5, n - k))]
    desks = keys[:6]
    for at in g.times(n * 5 * g.days, "office"):
        pair = g.texts.pair("instructions", g.rng)[0], g.texts.answer(g.rng)
        end = g.ask(g.rng.choice(keys[6:] or keys), at, pair, frame=frame)
        check = (f"Asked: {pair[0]}\nAnswered: {pair[1]}\nIs it right and in our words?", g.texts.answer(g.rng))
        g.ask(g.rng.choice(desks), end + g.rng.expovariate(1 / HOUR), check, frame=frame)


def resting_keys(g: Group, n: int) -> None:
    """An outfitter as above lets a refused key rest for some minutes: the job and those after it take the key of the client next in the list."""
    net, setup, frame, keys = g.cloud(3), g.setup(client="fitout/4"), product_frame(g.rng), []
    for k in range(0, n, 5):
        sitting, card = -g.rng.uniform(2, 90) * DAY, g.token("pf")
        common = {"card": card, "net": net, "setup": setup, "fail": 0.02}
        keys += [g.account(sitting + g.rng.uniform(0, 9) * MINUTE, **common) for _ in range(min(5, n - k))]
    rests: dict[int, float] = {}
    for at in g.times(n * g.rng.randrange(6, 14) * g.days, "office"):
        first, pair = g.rng.randrange(n), g.texts.pair("instructions", g.rng)
        for k in ((first + step) % n for step in range(n)):
            if rests.get(k, 0) > at:
                continue
            status, end = g.call(keys[k], at, pair, frame=frame)
            if status in (0, 200):
                break
            at, rests[k] = end + g.rng.uniform(0.3, 5), end + g.rng.uniform(20, 50) * MINUTE


SERVED: dict[str, Callable[[Group, int], None]] = {
    f.__name__: f
    for f in (
        backend_flight, launch_flight, greeted_flight, market_flight, sister_papers, key_ring_contest, teachers_key, agents_market, talking_figures, news_wire,
        dispatched_experts, offered_again, franchise, outfitter, resold_tenants, prepaid_packs, paid_courses, employee_keys, safety_round, two_readers,
        research_gateway, night_desks, checking_office, resting_keys,
    )
}  # fmt: skip
