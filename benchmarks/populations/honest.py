"""Honest groups that look coordinated, as an opposing expert would present them; every docstring says why they are honest."""

from __future__ import annotations

from collections import Counter
from itertools import count
from operator import itemgetter
from random import Random
from typing import TYPE_CHECKING, Any

from background import developers, siblings
from joined import JOINED
from passing import PASSING
from served import SERVED
from texts import product_frame
from world import DAY, HOUR, MINUTE, THROWAWAY, Account, Group, Net

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from world import World

REASONED = " Think step by step and show the full reasoning before the final answer."
NOBODY: dict[str, Any] = {"tenant": None, "card": None, "mail": None}


def deal(g: Group, keys: Sequence[Account], per_day: tuple[int, int], topic: str, clock: str, frame: str) -> None:
    """Deal jobs over keys, in turn or by chance; a failed job goes to other keys within seconds."""
    n, in_turn = len(keys), g.rng.random() < 0.5
    tasks = g.texts.work_list((topic,), n * g.rng.randint(*per_day) * g.days, g.rng)
    for k, (at, pair) in enumerate(zip(g.times(len(tasks), clock), tasks, strict=True)):
        first = keys[k % n] if in_turn else g.rng.choice(keys)
        g.relay([first, *g.rng.sample(keys, 3)], at, pair, (0.3, 5), frame=frame)


def fleet_bare(g: Group, n: int) -> None:
    """One firm's worker keys, invoiced by contract: no tenant, card or mail on record. Failover among its own keys."""
    made = -g.rng.uniform(5, 200) * DAY
    first = g.account(made, **NOBODY, listed=bool(n % 2), plan="enterprise", net=g.cloud(2), fail=0.02)
    keys = siblings(g, first, n - 1, g.rng.uniform(1, 90))
    deal(g, keys, (6, 16), g.rng.choice(("translate", "classify", "instructions")), "flat", product_frame(g.rng))


def fleet_teams(g: Group, n: int) -> None:
    """One firm with a tenant and card per team and one mail domain; its gateway spreads the jobs over all of its keys."""
    net, setup, mail, keys = g.cloud(3), g.setup(), f"{g.token('firm')}.example", []
    while len(keys) < n:
        team = g.account(-g.rng.uniform(5, 300) * DAY, mail=mail, net=net, setup=setup, fail=0.02)
        keys += siblings(g, team, g.rng.randrange(2, 7))
    for topic in g.rng.sample(("lookup", "code", "instructions", "translate"), 2):
        deal(g, keys, (3, 8), topic, "office", product_frame(g.rng))


def integrator(g: Group, n: int) -> None:
    """An integrator runs one assistant for n clients' keys and pays with three cards; every client has its own records."""
    cards, net, setup, frame = [g.token("pf") for _ in range(3)], g.cloud(2), g.setup(), product_frame(g.rng)
    keys = [g.account(-g.rng.uniform(5, 200) * DAY, card=cards[i % 3], net=net, setup=setup) for i in range(n)]
    for at in g.times(n * g.rng.randrange(5, 12) * g.days, "office"):
        g.ask(g.rng.choice(keys), at, g.texts.pair("lookup", g.rng), frame=frame)


def integrator_pooled(g: Group, n: int) -> None:
    """An integrator pays with a card per field of business; after a failure a job goes on at another client's key, since the integrator pays."""
    cards, net, setup = [g.token("pf") for _ in range(8)], g.cloud(2), g.setup()
    keys = [
        g.account(-g.rng.uniform(5, 200) * DAY, card=cards[i % 8], net=net, setup=setup, fail=0.02) for i in range(n)
    ]
    deal(g, keys, (6, 16), "instructions", "office", product_frame(g.rng))


def departments(g: Group, n: int) -> None:
    """One firm whose script made an account per team in one morning, with a card per department and the firm's mail; one gateway serves all."""
    net, setup, mail, begun = g.cloud(2), g.setup(), f"{g.token('firm')}.example", -g.rng.uniform(5, 200) * DAY
    cards = [g.token("pf") for _ in range(n // 4 + 1)]
    keys = [
        g.account(begun + g.rng.uniform(0, 20) * MINUTE, card=cards[i // 4], mail=mail, net=net, setup=setup, fail=0.02)
        for i in range(n)
    ]
    deal(g, keys, (6, 16), "lookup", "office", product_frame(g.rng))


def agency(g: Group, n: int) -> None:
    """An agency with a tenant, card and frame per client behind one egress: its writers work for one client at a time."""
    net, setup = g.cloud(1), g.setup()
    for _ in range(n):
        a = g.account(net=net, setup=setup, mail="agency-lark.example", frame=product_frame(g.rng))
        for day in g.workdays(1, 0.25, 0.02):
            at = day + g.hour(13, 2.5)
            for _ in range(g.rng.randrange(5, 30)):
                at = g.ask(a, at, g.texts.person(g.rng)) + g.rng.expovariate(1 / 150)


def _vendor(g: Group, n: int) -> list[Account]:
    common = {"setup": g.setup(client="reportriver-worker/2.4"), "net": g.cloud(g.rng.choice((1, 2, 4))), "fail": 0.03}
    frame = product_frame(g.rng) + g.rng.choice(("", REASONED))
    return [g.account(frame=frame, **common) for _ in range(n)]


def vendor_loop(g: Group, n: int) -> None:
    """A vendor's worker loops over its customers, one job with each one's key: rotation and equal load by nature."""
    keys, at, gap = _vendor(g, n), 0.0, g.rng.uniform(60, 260)
    for k in count():
        if at > g.end:
            return
        at = g.ask(keys[k % n], at, g.texts.pair("instructions", g.rng)) + g.rng.uniform(gap / 2, gap)


def vendor_queue(g: Group, n: int) -> None:
    """A vendor's queue: customers' jobs in order of arrival, a failed job later again with the same customer's key."""
    keys, sizes = _vendor(g, n), [g.rng.lognormvariate(0, 0.7) for _ in range(n)]
    for at in g.times(n * g.rng.randrange(5, 14) * g.days, "office"):
        g.relay(g.rng.choices(keys, sizes) * 4, at, g.texts.pair("code", g.rng), (60, 900))


def vendor_timers(g: Group, n: int) -> None:
    """A vendor's service calls every few hours for each customer, from the minute at which that customer was set up."""
    every = g.rng.choice((2, 3, 4, 6)) * HOUR
    for key in _vendor(g, n):
        begin = g.rng.uniform(0, every)
        for k in range(int(g.end / every)):
            g.ask(key, begin + k * every + g.rng.uniform(0, 0.8), g.texts.pair("lookup", g.rng))


def byok_router(g: Group, n: int) -> None:
    """A router to which customers bring keys; after a limit it uses two spare keys of its own, so prompts reappear there."""
    net, client = g.cloud(3), "switchyard/2.1"
    spare = [g.account(-90 * DAY, net=net, setup=g.setup(client=client)) for _ in range(2)]
    for _ in range(n - 2):
        frame, rate = g.rng.choice((None, product_frame(g.rng))), g.rng.lognormvariate(1.7, 0.8)
        a = g.account(net=net, setup=g.setup(client=client), frame=frame, fail=0.03)
        for day in g.workdays(a.zone, 0.8, 0.4):
            for _ in range(int(g.rng.expovariate(1 / rate))):
                how = {"frame": frame, "setup": a.setup}
                g.relay([a, g.rng.choice(spare)], day + g.hour(14, 4), g.texts.person(g.rng), (0.2, 1), **how)


def shared_cache(g: Group, n: int) -> None:
    """A product with a common cache: each question is asked once, with the key of whoever came first; nobody repeats."""
    common = {"net": g.cloud(2), "setup": g.setup(client="quizhive/5"), "frame": product_frame(g.rng)}
    keys, weights = [g.account(**common) for _ in range(n)], [g.rng.lognormvariate(0, 0.6) for _ in range(n)]
    stock = g.texts.work_list(("people", "reasoning"), n * g.rng.randrange(5, 12) * g.days, g.rng)
    for at, pair in zip(g.times(len(stock), "office"), stock, strict=True):
        g.ask(g.rng.choices(keys, weights)[0], at, pair)


def single_flight(g: Group, n: int) -> None:
    """Single flight: when the leader's call fails, the next one who waits for this answer calls with his own key."""
    setup = g.setup(client="quizhive/6")
    deal(g, [g.account(setup=setup, fail=0.03) for _ in range(n)], (5, 12), "people", "office", product_frame(g.rng))


def limited_flight(g: Group, n: int) -> None:
    """Single flight of people with hours of their own and a limit per hour: who has reached it waits, and another one at work calls."""
    setup, frame, limit = g.setup(client="quizhive/7"), product_frame(g.rng), g.rng.randrange(6, 12)
    keys, spells = [g.account(setup=setup) for _ in range(n)], []
    for a in keys:
        for day in g.workdays(a.zone, 0.9, 0.5):
            begin = day + g.hour(14, 3)
            spells.append((begin, begin + g.rng.uniform(0.5, 3) * HOUR, a))
    asked = [
        (begin + g.rng.random() * (end - begin), a) for begin, end, a in spells for _ in range(int((end - begin) / 240))
    ]
    used: Counter[tuple[str, int]] = Counter()
    for at, a in sorted(asked, key=itemgetter(0)):
        waiting = [b for begin, end, b in spells if begin <= at < end and b is not a]
        pair, when = g.texts.pair("people", g.rng), at
        for b in (a, *g.rng.sample(waiting, min(3, len(waiting)))):
            hour = (b.account_id, int(when // HOUR))
            used[hour] += 1
            status, when = g.call(b, when, pair, frame=frame, status=429 if used[hour] > limit else None)
            if status in (0, 200):
                break
            when += g.rng.uniform(0.3, 5)


def outage_probes(g: Group, n: int) -> None:
    """Users of one product whose built-in test repeats through two outages and whose jobs are repeated until they succeed."""
    setup, frame, probe = g.setup(client="hookhelper/1.9 php"), product_frame(g.rng), ("Test: answer READY.", "READY")
    keys = [g.account(setup=setup, frame=frame) for _ in range(n)]
    for a in keys:
        for at in g.times(int(g.days * g.rng.lognormvariate(1.6, 0.5)), "office", a.zone):
            g.ask(a, at, g.texts.pair("classify", g.rng))
    for begin in (g.rng.uniform(0.2, 0.5) * g.end, g.rng.uniform(0.5, 0.9) * g.end):
        until = begin + g.rng.uniform(10, 50) * MINUTE
        for a in keys:
            at, job = begin + g.rng.uniform(0, 90), g.texts.pair("lookup", g.rng)
            while at < until:
                at = g.call(a, at, g.rng.choice((probe, probe, job)), status=503)[1] + g.rng.uniform(25, 80)
            g.call(a, g.call(a, at, probe, status=200)[1] + 1, job, status=200)


def classroom(g: Group, n: int) -> None:
    """Students with free accounts in one campus network solve shared weekly assignments, in class and the night before."""
    common = {"net": g.cloud(3, 8), "setup": g.setup(client="openai-notebook/1.3"), "mail": "campus-north.example"}
    kind = {"tenant": None, "card": None, "plan": "edu", "zone": -5}
    pupils = [g.account(g.rng.uniform(-3, 2) * DAY, **common, **kind) for _ in range(n)]
    for week in range(max(1, g.days // 7)):
        sheet = g.texts.work_list(("reasoning", "code"), 6, g.rng)
        for a in pupils:
            at = (week * 7 + g.rng.choice((1, 3, 3, 4))) * DAY + 5 * HOUR + g.hour(g.rng.choice((14, 20)), 0.7)
            for ask, answer in g.rng.sample(sheet, g.rng.randrange(3, 7)):
                own = "" if g.rng.random() < 0.4 else f" I tried {g.rng.randrange(2, 99)}."
                at = g.ask(a, at, (ask + own, g.texts.fresh(answer, g.rng))) + g.rng.expovariate(1 / 300)


def hackathon(g: Group, n: int) -> None:
    """A weekend contest: voucher accounts opened within an hour in one hall, a starter kit's prompt, 40 hours of work."""
    begin, frame = (g.rng.choice((4, 11)) % g.days) * DAY + 16 * HOUR, product_frame(g.rng)
    common = {"net": g.cloud(2, 4), "setup": g.setup(client="starter-kit/0.3 openai-python"), "fail": 0.03}
    for _ in range(n):
        a = g.account(begin + g.rng.uniform(0, 1) * HOUR, card=None, tenant=None, plan="voucher", **common)
        own = product_frame(g.rng)
        for _ in range(g.rng.randrange(3, 9)):
            at = begin + HOUR + g.rng.uniform(0, 40) * HOUR
            for _ in range(g.rng.randrange(4, 20)):
                used = frame if at < begin + 12 * HOUR else own
                at = g.ask(a, at, g.texts.person(g.rng), frame=used) + g.rng.expovariate(1 / 90)


def _universities(g: Group, n: int, items: Callable[[int], list[tuple[str, str]]]) -> None:
    setup = g.setup(client="lm-eval/0.4.9 openai-python/1.97.0", temperature=0.0, max_tokens=1024)
    for i in range(n):
        a = g.account(mail=f"uni{g.rng.randrange(900)}.example", setup=setup, plan="research", fail=0.02)
        at = g.rng.uniform(0, 0.8) * g.end
        for pair in items(i):
            at = g.ask(a, at, pair, frame="Solve the problem." + REASONED) + g.rng.uniform(0.5, 20)


def benchmark_whole(g: Group, n: int) -> None:
    """Universities that each run one whole public benchmark when their paper is due: the same items, unrelated parties."""
    suite = g.texts.work_list(("benchmark",), 120, g.rng)
    _universities(g, n, lambda _: suite)


def benchmark_shards(g: Group, n: int) -> None:
    """A consortium of universities of which each runs its shard of a public benchmark; announced, with own money."""
    suite = g.texts.work_list(("benchmark", "code"), 110 * n, g.rng)
    _universities(g, n, lambda i: suite[110 * i : 110 * (i + 1)])


def _pass_on(g: Group, people: Sequence[Account], at: float, pause: float) -> None:
    done: list[tuple[str, str]] = []
    who = g.rng.choice(people)
    for pair in g.texts.talk(g.rng, g.rng.randrange(2, 8)):
        at = g.ask(who, at, pair, history=done[-6:]) + g.rng.expovariate(1 / pause)
        done.append(pair)
        who = g.rng.choice(people) if g.rng.random() < 0.35 else who


def support_team(g: Group, n: int) -> None:
    """A support team whose members each have a key; a ticket's conversation goes on with whoever is on duty."""
    team = {"tenant": g.rng.choice((None, g.token("org"))), "card": None, "mail": "helpline-oak.example"}
    common = {"frame": product_frame(g.rng), "setup": g.setup(client="ticketdesk/3")}
    keys = [g.account(net=g.home(), **team, **common) for _ in range(n)]
    for at in g.times(round(n * 1.5 * g.days), "office"):
        _pass_on(g, keys, at, g.rng.choice((200, 3 * HOUR)))


def family(g: Group, n: int) -> None:
    """Families at one connection and with one card, who go on with each other's conversations at home."""
    while n > 0:
        home = {"net": g.home(), "zone": g.rng.choice((-5, 1)), "card": g.token("pf")}
        people = [g.account(setup=g.setup(client="meridian-app/7.2"), **home) for _ in range(g.rng.randrange(2, 6))]
        n -= len(people)
        for day in g.workdays(people[0].zone, 0.8, 0.9):
            _pass_on(g, people, day + g.hour(18.5, 2.5), 240)


def six_keys(g: Group, n: int) -> None:
    """Single people with six keys each, opened one by one for free credit; their own script takes the next at a limit."""
    for _ in range(-(-n // 6)):
        first = g.account(
            tenant=None, card=None, plan="free", frame=g.rng.choice((None, product_frame(g.rng))), fail=0.05
        )
        keys = siblings(g, first, 5, g.rng.uniform(0.1, 4) * DAY)
        for day in g.workdays(first.zone, 0.6, 0.5):
            at = day + g.hour(18, 3)
            for _ in range(g.rng.randrange(3, 25)):
                last, at = g.relay(keys, at, g.texts.person(g.rng), (0.5, 3))
                at, k = at + g.rng.expovariate(1 / 60), keys.index(last)
                keys = keys[k:] + keys[:k]


def ci_template(g: Group, n: int) -> None:
    """A public pipeline template at many companies: pushes start jobs within seconds, a nightly run at a common hour."""
    common = {"net": g.cloud(60, 5), "setup": g.setup(client="ci-explain/4 node-fetch", temperature=0.0)}
    for _ in range(n):
        a = g.account(frame="Explain why the test fails and propose a patch." + REASONED, **common)
        pushes = [day + g.hour() for day in g.workdays(a.zone, 0.7, 0.05) for _ in range(g.rng.randrange(1, 4))]
        for at in [*pushes, *(d * DAY + 3 * HOUR + g.rng.uniform(0, 40) for d in range(g.days))]:
            for job in range(g.rng.randrange(1, 6)):
                ask, answer = g.texts.pair("code", g.rng)
                g.ask(a, at + g.rng.uniform(0, 40), (f"job {job} run {g.rng.randrange(10**6)}: {ask}", answer))


def companion_app(g: Group, n: int) -> None:
    """A companion game: players bring keys, figures live day and night, and half of the players came on launch night."""
    setup = g.setup(client="emberfall/1.4 UnityWebRequest", temperature=0.9)
    frame, launch = product_frame(g.rng) + " Write an inner monologue first.", g.rng.uniform(-4, 5) * DAY
    for i in range(n):
        made = launch + g.rng.uniform(0, 2) * HOUR if i % 2 else None
        a, at = g.account(made, net=g.home(), setup=setup, frame=frame), max(0.0, launch)
        while at < g.end:
            at = g.ask(a, at, g.texts.pair("roleplay", g.rng)) + g.rng.expovariate(1 / (2.4 * HOUR))


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
    """A virtual-card issuer whose fingerprints small groups of strangers share; some use one mail relay as well."""
    cards = [g.token("pf") for _ in range(n // 5 + 1)]
    _strangers(g, n, lambda i: {"card": cards[i // 5], "mail": "relay-mask.example" if i % 3 == 0 else "gmail.com"})


def carrier_nat(g: Group, n: int) -> None:
    """Customers of one mobile carrier behind its few addresses; strangers in one country and zone."""
    exits = Net(g.cloud(4, 6, 44).addresses, 2 * HOUR)
    _strangers(g, n, lambda _: {"net": exits, "zone": 7})


def vpn(g: Group, n: int) -> None:
    """Customers of one VPN: exits in a handful of countries which strangers share, another one each evening."""
    exits = [address for host in range(5) for address in g.cloud(3, host, 90 + host).addresses]
    _strangers(g, n, lambda _: {"net": Net(g.rng.sample(exits, 9), g.rng.uniform(6, 30) * HOUR), "mail": "proton.me"})


def privacy_mail(g: Group, n: int) -> None:
    """Privacy-minded people with disposable mail, a third of them after an article about the service; otherwise ordinary."""
    article = g.rng.uniform(-2, 6) * DAY

    def one(i: int) -> dict[str, Any]:
        mail = {"mail": g.rng.choice(THROWAWAY), "card": None if g.rng.random() < 0.3 else g.token("pf")}
        return mail | ({} if i % 3 else {"made": article + g.rng.uniform(0, 6) * HOUR})

    _strangers(g, n, one)


def attempts_gateway(g: Group, n: int) -> None:
    """One company's gateway logs every attempt under the upstream account that it tried, and goes on to the next one."""
    first = g.account(
        -60 * DAY, **NOBODY, listed=False, setup=g.setup(client="litellm/1.109.1"), net=g.cloud(2), fail=0.06
    )
    keys, products = siblings(g, first, n - 1), [product_frame(g.rng) for _ in range(9)]
    for at in g.times(n * g.rng.randrange(6, 14) * g.days, "office"):
        g.relay(g.rng.sample(keys, 4), at, g.texts.person(g.rng), (0.02, 0.4), frame=g.rng.choice(products))


HONEST: dict[str, Callable[[Group, int], None]] = {
    f.__name__: f
    for f in (
        fleet_bare, fleet_teams, departments, integrator, integrator_pooled, agency, vendor_loop, vendor_queue, vendor_timers, byok_router, shared_cache,
        single_flight, limited_flight, outage_probes, classroom, hackathon, benchmark_whole, benchmark_shards, support_team, family, six_keys, ci_template,
        companion_app, vouchers, virtual_cards, carrier_nat, vpn, privacy_mail, attempts_gateway,
    )
} | PASSING | SERVED | JOINED  # fmt: skip


def add(world: World, kind: str, n: int | None) -> None:
    """Add one honest group of 20 to 70 accounts."""
    HONEST[kind](Group(world, kind), n or Random(f"{world.seed}:{kind}").randint(20, 70))
