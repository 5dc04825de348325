"""Honest groups that look coordinated, as an opposing expert would present them; every docstring says why they are honest."""

from __future__ import annotations

from itertools import count
from random import Random
from typing import TYPE_CHECKING, Any

from background import developers
from texts import product_frame
from world import DAY, HOUR, MINUTE, THROWAWAY, Account, Group, Net

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from world import World

REASONED = " Think step by step and show the full reasoning before the final answer."


def deal(
    g: Group,
    keys: Sequence[Account],
    calls: int,
    topic: str,
    *,
    clock: str = "flat",
    turn: bool = True,
    again: tuple[float, float] | None = (0.3, 5.0),
    fail: float = 0.02,
    **how: Any,
) -> None:
    """Deal jobs over keys, in turn or by chance; a failed job goes to another key after `again` seconds, or on the same key if None."""
    for k, (at, pair) in enumerate(zip(g.times(calls, clock), g.texts.work_list((topic,), calls, g.rng), strict=True)):
        key = keys[k % len(keys)] if turn else g.rng.choice(keys)
        if again is None:
            g.ask(key, at, pair, fail=fail, **how)
            continue
        for _ in range(4):
            status, at = g.call(key, at, pair, fail=fail, **how)
            if status in (0, 200):
                break
            key, at = g.rng.choice(keys), at + g.rng.uniform(*again)


def fleet_bare(g: Group, n: int) -> None:
    """One firm's worker keys, invoiced by contract: no tenant, card or mail on record. Its own failover among its own keys."""
    net, setup, made = g.cloud(2), g.setup(), -g.rng.uniform(5, 200) * DAY
    bare = {"tenant": None, "card": None, "mail": None, "plan": "enterprise"}
    keys = [
        g.account(made + i * g.rng.uniform(1, 90), net=net, setup=setup, listed=bool(n % 2), **bare) for i in range(n)
    ]
    deal(
        g,
        keys,
        n * g.rng.randrange(6, 16) * g.days,
        g.rng.choice(("translate", "classify", "instructions")),
        frame=product_frame(g.rng),
        turn=g.rng.random() < 0.5,
    )


def fleet_teams(g: Group, n: int) -> None:
    """One firm with a tenant and card per team and one mail domain; a central gateway spreads every team's jobs over all keys."""
    net, setup, mail = g.cloud(3), g.setup(), f"{g.token('firm')}.example"
    keys: list[Account] = []
    while len(keys) < n:
        team = {"tenant": g.token("org"), "card": g.token("pf"), "mail": mail, "net": net, "setup": setup}
        made = -g.rng.uniform(5, 300) * DAY
        keys += [g.account(made + i * HOUR, **team) for i in range(g.rng.randrange(3, 8))]
    for topic in g.rng.sample(("lookup", "code", "instructions", "translate"), 2):
        deal(g, keys, n * g.rng.randrange(3, 8) * g.days, topic, clock="office", frame=product_frame(g.rng))


def integrator(g: Group, n: int) -> None:
    """An integrator runs the same assistant for n client keys which it pays with three cards; every client has its own records."""
    cards, net, setup, frame = [g.token("pf") for _ in range(3)], g.cloud(2), g.setup(), product_frame(g.rng)
    keys = [g.account(-g.rng.uniform(5, 200) * DAY, card=cards[i % 3], net=net, setup=setup) for i in range(n)]
    deal(g, keys, n * g.rng.randrange(5, 12) * g.days, "lookup", clock="office", turn=False, frame=frame, again=None)


def agency(g: Group, n: int) -> None:
    """An agency with a tenant and card per client and one egress: writers work on one client at a time, each with its own frame."""
    net, setup, firm = g.cloud(1), g.setup(), "agency-lark.example"
    for _ in range(n):
        a = g.account(net=net, setup=setup, mail=firm, frame=product_frame(g.rng))
        for day in g.workdays(1, 0.25, 0.02):
            at = day + g.hour(13, 2.5)
            for _ in range(g.rng.randrange(5, 30)):
                at = g.ask(a, at, g.texts.person(g.rng))[1] + g.rng.expovariate(1 / 150)


def _vendor(g: Group, n: int) -> tuple[list[Account], dict[str, Any]]:
    setup, net = g.setup(client="reportriver-worker/2.4"), g.cloud(g.rng.choice((1, 2, 4)))
    return [g.account(net=net, setup=setup) for _ in range(n)], {
        "frame": product_frame(g.rng) + g.rng.choice(("", REASONED))
    }


def vendor_loop(g: Group, n: int) -> None:
    """A vendor's single worker loops over its customers and does one job with each one's key: rotation and equal load by nature."""
    keys, how = _vendor(g, n)
    at, k, gap = 0.0, 0, g.rng.uniform(60, 260)
    while at < g.end:
        at = g.ask(keys[k % n], at, g.texts.pair("instructions", g.rng), **how)[1] + g.rng.uniform(gap / 2, gap)
        k += 1


def vendor_queue(g: Group, n: int) -> None:
    """A vendor's queue: customers' jobs in order of arrival, a failed job again later with the same customer's key."""
    keys, how = _vendor(g, n)
    sizes = [g.rng.lognormvariate(0, 0.7) for _ in keys]
    for at in g.times(n * g.rng.randrange(5, 14) * g.days, "office"):
        key, pair = g.rng.choices(keys, sizes)[0], g.texts.pair("code", g.rng)
        for _ in range(4):
            status, at = g.call(key, at, pair, fail=0.03, **how)
            if status in (0, 200):
                break
            at += g.rng.uniform(60, 900)


def vendor_timers(g: Group, n: int) -> None:
    """A vendor's service calls every few hours for each customer, from the minute at which that customer was set up."""
    keys, how = _vendor(g, n)
    every = g.rng.choice((2, 3, 4, 6)) * HOUR
    for key in keys:
        at = g.rng.uniform(0, every)
        while at < g.end:
            g.ask(key, at + g.rng.uniform(-0.4, 0.4), g.texts.pair("lookup", g.rng), **how)
            at += every


def byok_router(g: Group, n: int) -> None:
    """A router to which customers bring keys; after a limit it uses a spare key of its own, so prompts of many reappear on one."""
    net, client = g.cloud(3), "switchyard/2.1"
    spare = [g.account(-90 * DAY, net=net, setup=g.setup(client=client)) for _ in range(2)]
    for _ in range(n - 2):
        a, rate = (
            g.account(net=net, setup=g.setup(client=client), frame=g.rng.choice((None, product_frame(g.rng)))),
            g.rng.lognormvariate(1.7, 0.8),
        )
        for day in g.workdays(a.zone, 0.8, 0.4):
            for _ in range(int(g.rng.expovariate(1 / rate))):
                pair = g.texts.person(g.rng)
                status, at = g.call(a, day + g.hour(14, 4), pair, fail=0.03)
                if status not in (0, 200):
                    g.call(g.rng.choice(spare), at + g.rng.uniform(0.2, 1), pair, frame=a.frame, setup=a.setup)


def shared_cache(g: Group, n: int) -> None:
    """A product with a common cache: each question is asked once, with the key of whoever came first. Nobody repeats anybody."""
    net, setup, frame = g.cloud(2), g.setup(client="quizhive/5"), product_frame(g.rng)
    keys, weights = (
        [g.account(net=net, setup=setup) for _ in range(n)],
        [g.rng.lognormvariate(0, 0.6) for _ in range(n)],
    )
    stock = g.texts.work_list(("people", "reasoning"), n * g.rng.randrange(5, 12) * g.days, g.rng)
    for at, pair in zip(g.times(len(stock), "office"), stock, strict=True):
        g.ask(g.rng.choices(keys, weights)[0], at, pair, frame=frame, fail=0.01)


def single_flight(g: Group, n: int) -> None:
    """The same with single flight: when the leader's call fails, the next who waits for this answer calls with his own key."""
    setup, frame = g.setup(client="quizhive/6"), product_frame(g.rng)
    keys = [g.account(setup=setup) for _ in range(n)]
    deal(
        g,
        keys,
        n * g.rng.randrange(5, 12) * g.days,
        "people",
        clock="office",
        turn=False,
        again=(0.05, 2),
        fail=0.03,
        frame=frame,
    )


def outage_probes(g: Group, n: int) -> None:
    """Users of one product whose built-in test repeats through two outages, and whose jobs are repeated until they succeed."""
    setup, frame, probe = (
        g.setup(client="hookhelper/1.9 php"),
        product_frame(g.rng),
        ("Connection test: answer with the word READY.", "READY"),
    )
    keys = [g.account(setup=setup, frame=frame) for _ in range(n)]
    for a in keys:
        for at in g.times(int(g.days * g.rng.lognormvariate(1.6, 0.5)), "office", a.zone):
            g.ask(a, at, g.texts.pair("classify", g.rng))
    for begin in (g.rng.uniform(0.2, 0.5) * g.end, g.rng.uniform(0.5, 0.9) * g.end):
        until, job = begin + g.rng.uniform(10, 50) * MINUTE, g.texts.pair("lookup", g.rng)
        for a in keys:
            at = begin + g.rng.uniform(0, 90)
            while at < until:
                at = g.call(a, at, g.rng.choice((probe, probe, job)), status=503)[1] + g.rng.uniform(25, 80)
            g.call(a, at, probe, status=200)
            g.call(a, at + g.rng.uniform(2, 9), job, status=200)


def classroom(g: Group, n: int) -> None:
    """A course: students with free accounts solve the shared weekly assignments in one campus network, in class and the night before."""
    campus, setup = g.cloud(3, 8), g.setup(client="openai-notebook/1.3")
    pupils = [
        g.account(
            g.rng.uniform(-3, 2) * DAY,
            mail="campus-north.example",
            tenant=None,
            card=None,
            plan="edu",
            net=campus,
            setup=setup,
        )
        for _ in range(n)
    ]
    for week in range(max(1, g.days // 7)):
        sheet = g.texts.work_list(("reasoning", "code"), 6, g.rng)
        for a in pupils:
            at = (week * 7 + g.rng.choice((1, 3, 3, 4))) * DAY + g.hour(14 if g.rng.random() < 0.5 else 21, 0.7)
            for ask, answer in g.rng.sample(sheet, g.rng.randrange(3, 7)):
                own = "" if g.rng.random() < 0.4 else f" I tried {g.rng.randrange(2, 99)}."
                at = g.ask(a, at, (ask + own, answer))[1] + g.rng.expovariate(1 / 300)


def hackathon(g: Group, n: int) -> None:
    """A weekend contest: voucher accounts opened within an hour in one hall, a starter kit with one prompt, 40 hours of work."""
    hall, setup, frame, begin = (
        g.cloud(2, 4),
        g.setup(client="starter-kit/0.3 openai-python"),
        product_frame(g.rng),
        g.rng.choice((4, 11)) % g.days * DAY + 16 * HOUR,
    )
    for _ in range(n):
        a = g.account(begin + g.rng.uniform(0, 1) * HOUR, card=None, tenant=None, plan="voucher", net=hall, setup=setup)
        own = product_frame(g.rng)
        for _ in range(g.rng.randrange(3, 9)):
            at = begin + HOUR + g.rng.uniform(0, 40) * HOUR
            for _ in range(g.rng.randrange(4, 20)):
                at = g.ask(a, at, g.texts.person(g.rng), frame=frame if at < begin + 12 * HOUR else own, fail=0.03)[
                    1
                ] + g.rng.expovariate(1 / 90)


def _universities(g: Group, n: int, items: Callable[[int], list[tuple[str, str]]]) -> None:
    setup = g.setup(
        client="lm-eval/0.4.9 openai-python/1.97.0", temperature=0.0, max_tokens=1024, model="meridian-large-3"
    )
    for i in range(n):
        a = g.account(mail=f"uni{g.rng.randrange(900)}.example", setup=setup, plan="research")
        at, frame = g.rng.uniform(0, 0.8) * g.end, "Solve the problem." + REASONED
        for pair in items(i):
            at = g.ask(a, at, pair, frame=frame, fail=0.02)[1] + g.rng.uniform(0.5, 20)


def benchmark_whole(g: Group, n: int) -> None:
    """Universities that each run one whole public benchmark when their paper is due: the same items, unrelated parties."""
    suite = g.texts.work_list(("benchmark",), 120, g.rng)
    _universities(g, n, lambda _: suite)


def benchmark_shards(g: Group, n: int) -> None:
    """A consortium of universities of which each runs its shard of a public benchmark; announced, with own money."""
    suite = g.texts.work_list(("benchmark", "code"), 110 * n, g.rng)
    _universities(g, n, lambda i: suite[110 * i : 110 * (i + 1)])


def _pass_on(g: Group, people: Sequence[Account], begin: float, turns: int, pause: float) -> None:
    done: list[tuple[str, str]] = []
    at, who = begin, g.rng.choice(people)
    for pair in g.texts.talk(g.rng, turns):
        at = g.ask(who, at, pair, history=tuple(done[-6:]))[1] + g.rng.expovariate(1 / pause)
        done.append(pair)
        who = g.rng.choice(people) if g.rng.random() < 0.35 else who


def support_team(g: Group, n: int) -> None:
    """A support team whose members each have a key; a ticket's conversation goes on with whoever is on duty."""
    tenant, frame, setup = g.rng.choice((None, g.token("org"))), product_frame(g.rng), g.setup(client="ticketdesk/3")
    team = [
        g.account(tenant=tenant, card=None, mail="helpline-oak.example", frame=frame, setup=setup, net=g.home())
        for _ in range(n)
    ]
    for at in g.times(round(n * 1.5 * g.days), "office"):
        _pass_on(g, team, at, g.rng.randrange(2, 8), g.rng.choice((200, 3 * HOUR)))


def family(g: Group, n: int) -> None:
    """Families at one connection and card, who go on with each other's conversations at home."""
    while n > 0:
        size, shared = g.rng.randrange(2, 6), {"net": g.home(), "zone": g.rng.choice((-5, 1)), "card": g.token("pf")}
        people = [g.account(setup=g.setup(client="meridian-app/7.2", stream=True), **shared) for _ in range(size)]
        n -= size
        for day in g.workdays(people[0].zone, 0.8, 0.9):
            _pass_on(g, people, day + g.hour(18.5, 2.5), g.rng.randrange(2, 8), 240)


def six_keys(g: Group, n: int) -> None:
    """Single people with six keys each, opened one by one for free credit, whose own script takes the next one at a limit."""
    while n > 0:
        first = g.account(tenant=None, card=None, plan="free", frame=g.rng.choice((None, product_frame(g.rng))))
        same = {
            "net": first.net,
            "setup": first.setup,
            "frame": first.frame,
            "tenant": None,
            "card": None,
            "plan": "free",
            "zone": first.zone,
        }
        keys, n, k = (
            [first] + [g.account(first.made + i * g.rng.uniform(0.1, 9) * DAY, **same) for i in range(1, 6)],
            n - 6,
            0,
        )
        for day in g.workdays(first.zone, 0.6, 0.5):
            at = day + g.hour(18, 3)
            for _ in range(g.rng.randrange(3, 25)):
                pair = g.texts.person(g.rng)
                for _ in range(6):
                    status, at = g.call(keys[k % 6], at, pair, fail=0.05)
                    if status == 200:
                        break
                    k, at = k + 1, at + g.rng.uniform(0.5, 3)
                at += g.rng.expovariate(1 / 60)


def ci_template(g: Group, n: int) -> None:
    """A public pipeline template at many companies: pushes start jobs within seconds, a nightly run at the template's hour."""
    setup, frame, runners = (
        g.setup(client="ci-explain/4 node-fetch", temperature=0.0),
        "Explain why the test fails and propose a patch." + REASONED,
        g.cloud(60, 5),
    )
    for _ in range(n):
        a = g.account(net=runners, setup=setup, frame=frame)
        pushes = [day + g.hour() for day in g.workdays(a.zone, 0.7, 0.05) for _ in range(g.rng.randrange(1, 4))]
        for at in [*pushes, *(d * DAY + 3 * HOUR + g.rng.uniform(0, 40) for d in range(g.days))]:
            for job in range(g.rng.randrange(1, 6)):
                ask, answer = g.texts.pair("code", g.rng)
                g.ask(a, at + g.rng.uniform(0, 40), (f"job {job} run {g.rng.randrange(10**6)}: {ask}", answer))


def companion_app(g: Group, n: int) -> None:
    """A companion game whose players bring keys: figures live day and night, and half of the players came in the launch night."""
    setup, frame, launch = (
        g.setup(client="emberfall/1.4 UnityWebRequest", temperature=0.9),
        product_frame(g.rng) + " Write an inner monologue first.",
        g.rng.uniform(-4, 5) * DAY,
    )
    for i in range(n):
        a, at = (
            g.account(launch + g.rng.uniform(0, 2) * HOUR if i % 2 else None, net=g.home(), setup=setup, frame=frame),
            max(0.0, launch),
        )
        while at < g.end:
            at = g.ask(a, at, g.texts.pair("roleplay", g.rng))[1] + g.rng.expovariate(1 / (2.4 * HOUR))


def _strangers(g: Group, n: int, given: Callable[[int], dict[str, Any]]) -> None:
    """Ordinary developers who share an attribute by chance."""
    plain, numbers = g.account, count()
    g.account = lambda made=None, **own: plain(**({"made": made} | own | given(next(numbers))))  # type: ignore[method-assign]
    developers(g, n)


def vouchers(g: Group, n: int) -> None:
    """Prepaid vouchers from a supermarket: all of one batch have one payment fingerprint; their buyers are strangers."""
    batches = [g.token("pf") for _ in range(3)]
    _strangers(g, n, lambda i: {"card": batches[i % 3], "plan": "prepaid"})


def virtual_cards(g: Group, n: int) -> None:
    """A virtual-card issuer whose cards share fingerprints in small groups; strangers, some of whom use one mail relay as well."""
    cards = [g.token("pf") for _ in range(n // 5 + 1)]
    _strangers(g, n, lambda i: {"card": cards[i // 5], "mail": "relay-mask.example" if i % 3 == 0 else "gmail.com"})


def carrier_nat(g: Group, n: int) -> None:
    """Customers of one mobile carrier behind its few addresses; strangers in one country and zone."""
    exits = Net(g.cloud(4, 6, 44).addresses, 2 * HOUR)
    _strangers(g, n, lambda _: {"net": exits, "zone": 7})


def vpn(g: Group, n: int) -> None:
    """Customers of one VPN: exits in a handful of countries which strangers share, another one each evening."""
    exits = [a for host in range(5) for a in g.cloud(3, host, 90 + host).addresses]
    _strangers(
        g,
        n,
        lambda _: {
            "net": Net(g.rng.sample(exits, 9), g.rng.uniform(6, 30) * HOUR),
            "mail": g.rng.choice(("proton.me", "proton.me", "gmx.net")),
        },
    )


def privacy_mail(g: Group, n: int) -> None:
    """Privacy-minded people with disposable mail, a burst of them after an article about the service; otherwise ordinary."""
    article = g.rng.uniform(-2, 6) * DAY

    def one(i: int) -> dict[str, Any]:
        card = {"mail": g.rng.choice(THROWAWAY), "card": None if g.rng.random() < 0.3 else g.token("pf")}
        return card | ({"made": article + g.rng.uniform(0, 6) * HOUR} if i % 3 == 0 else {})

    _strangers(g, n, one)


def attempts_gateway(g: Group, n: int) -> None:
    """One company's gateway logs every attempt under the upstream account that it tried; its router goes on to the next one."""
    setup, net, products = g.setup(client="litellm/1.109.1"), g.cloud(2), [product_frame(g.rng) for _ in range(9)]
    keys = [
        g.account(-g.rng.uniform(10, 99) * DAY, tenant=None, card=None, mail=None, listed=False, setup=setup, net=net)
        for _ in range(n)
    ]
    for at in g.times(n * g.rng.randrange(6, 14) * g.days, "office"):
        frame, pair = g.rng.choice(products), g.texts.person(g.rng)
        for key in g.rng.sample(keys, 4):
            status, at = g.call(key, at, pair, frame=frame, fail=0.06)
            if status in (0, 200):
                break
            at += g.rng.uniform(0.02, 0.4)


HONEST: dict[str, Callable[[Group, int], None]] = {
    f.__name__: f
    for f in (
        fleet_bare, fleet_teams, integrator, agency, vendor_loop, vendor_queue, vendor_timers, byok_router, shared_cache, single_flight,
        outage_probes, classroom, hackathon, benchmark_whole, benchmark_shards, support_team, family, six_keys, ci_template, companion_app,
        vouchers, virtual_cards, carrier_nat, vpn, privacy_mail, attempts_gateway,
    )
}  # fmt: skip


def add(world: World, kind: str, n: int | None) -> None:
    """Add one honest group of 20 to 70 accounts."""
    HONEST[kind](Group(world, kind), n or Random(f"{world.seed}:{kind}").randint(20, 70))
