"""Pools that collect answers (or resell access to them) over many accounts; each function is one way of doing it."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from texts import FOLLOW_UPS, HARVEST, OPENINGS, harvest_frame, name, product_frame
from world import DAY, FREE_MAIL, HOUR, MINUTE, Account, Group, Net

if TYPE_CHECKING:
    from collections.abc import Callable

    from world import World

HABITS = {
    "cards": ("groups", "groups", "bulk", "none"), "exits": ("few", "subnet", "own", "residential"), "clients": ("one", "several", "own"),
    "retry": ("now", "minutes", "hour", "none"), "schedule": ("round_robin", "random", "lru", "weighted", "sticky"),
    "clock": ("flat", "office", "night", "bursts"), "chaff": ("none", "none", "some", "much"),
}  # fmt: skip
ON_REQUEST = {"bait": ("none", "domain", "reserve", "words"), "frame": ("one", "own")}
"""Habits that a pool has only if it is asked for them. `bait`: mail addresses at one domain as a firm has them; refused tasks go to a tenth of the
accounts alone, as to a service's spare keys; refused tasks get another word at the end before they are sent again, so that no two calls are
alike. `frame`: each account has a wording of its own."""
CHAFF = {"none": 0.0, "some": 0.25, "much": 0.8}
PAUSES = {"now": (0.2, 4.0), "minutes": (90.0, 1200.0), "hour": (2700.0, 5400.0)}


class Pool:
    """Accounts of one operator and the program that deals work to them; `given` fixes some of its HABITS."""

    def __init__(self, g: Group, n: int, given: dict[str, str], **usual: str) -> None:
        rng = self.rng = g.rng
        self.g, self.habits = (
            g,
            {key: rng.choice(values) for key, values in HABITS.items()}
            | {"bait": "none", "frame": "one"}
            | usual
            | given,
        )
        host, third, proxies = rng.randrange(10), rng.randrange(256), [g.home().addresses[0] for _ in range(150)]
        few = g.cloud(rng.randrange(2, 6), host)
        self.exits: dict[str, Callable[[], Net]] = {
            "few": lambda: few, "subnet": lambda: g.cloud(1, host, third), "own": g.home,
            "residential": lambda: Net(rng.sample(proxies, 12), rng.uniform(3, 9) * HOUR),
        }  # fmt: skip
        self.setups = [g.setup(model="meridian-large-3") for _ in range(1 if self.habits["clients"] == "one" else 4)]
        self.domains = [f"{name(rng).lower()}.example" for _ in range(3)] if rng.random() < 0.6 else FREE_MAIL
        if self.habits["bait"] == "domain":
            self.domains = [f"{name(rng).lower()}.example"]
        upgrade = rng.choice((12.3 * DAY, 13 * DAY, 1e12))
        self.common = {"upgrade": upgrade, "zone": rng.choice((8, 8, 1, -5, 3)), "fail": rng.uniform(0.01, 0.045)}
        self.accounts: list[Account] = []
        self.covers = [rng.choice((None, product_frame(rng))) for _ in range(40)]
        self.batch, self.left, self.card = -rng.uniform(4, 40) * DAY, 0, ""
        for _ in range(n):
            self.open()
        self.weights = [rng.lognormvariate(0, 0.9) for _ in range(4 * n + 8)]
        self.turn, self.stay, self.used = 0, 0, dict.fromkeys(range(4 * n + 8), 0.0)

    def open(self, made: float | None = None) -> Account:
        """Open one more account the way this operator buys and fills in accounts: in sittings of some at a time."""
        g, rng, cards = self.g, self.rng, self.habits["cards"]
        if self.left == 0:
            self.left, self.card = rng.randrange(3, 7) if cards == "groups" else rng.randrange(6, 16), g.token("pf")
            self.batch += rng.uniform(-3, 1) * DAY
        self.left -= 1
        own: dict[str, Any] = {
            "card": self.card if cards == "groups" else g.token("pf"),
            "mail": rng.choice(self.domains),
        }
        if cards == "none":
            own = {"tenant": None, "card": None, "mail": None, "listed": False}
        own["setup"] = g.setup(model="meridian-large-3") if self.habits["clients"] == "own" else rng.choice(self.setups)
        made = min(self.batch + rng.uniform(0, 50) * MINUTE, -HOUR) if made is None else made
        self.accounts.append(g.account(made, net=self.exits[self.habits["exits"]](), **own, **self.common))
        return self.accounts[-1]

    def pick(self, at: float, without: int | None = None) -> int:
        """Return the number of the account that the scheduler takes next; it learns of a ban within ten minutes."""
        alive = [i for i, a in enumerate(self.accounts) if a.made <= at < a.banned + 10 * MINUTE and i != without] or [
            0
        ]
        how = self.habits["schedule"]
        if how == "weighted":
            chosen = self.rng.choices(alive, [self.weights[i] for i in alive])[0]
        elif how == "lru":
            chosen = self.rng.choice(sorted(alive, key=self.used.__getitem__)[:4])
        elif how == "random":
            chosen = self.rng.choice(alive)
        else:
            self.stay -= 1
            if how == "round_robin" or self.stay < 1 or without is not None:
                self.turn, self.stay = self.turn + 1, self.rng.randrange(8, 30)
            chosen = alive[self.turn % len(alive)]
        self.used[chosen] = at
        return chosen

    def send(self, at: float, pair: tuple[str, str], i: int | None = None, **how: Any) -> float:  # noqa: ANN401
        """Send a task, after failures on up to three other accounts as the habit says, and return the end."""
        i = self.pick(at) if i is None else i
        for _ in range(4):
            if self.habits["frame"] == "own":
                how["frame"] = harvest_frame(Random(i))
            status, at = self.g.call(self.accounts[i], at, pair, **how)
            if status in (0, 200) or self.habits["retry"] == "none":
                break
            at += self.rng.uniform(*PAUSES[self.habits["retry"]])
            i = self.pick(at, without=i)
            if self.habits["bait"] == "reserve":
                i = self.rng.randrange(max(1, len(self.accounts) // 10))
            elif self.habits["bait"] == "words":
                pair = (f"{pair[0]} {name(self.rng)}", pair[1])
        if self.rng.random() < CHAFF[self.habits["chaff"]]:  # something unrelated, so that the account looks mixed
            later, frame = at + self.rng.uniform(60, 2 * HOUR), self.covers[i % len(self.covers)]
            self.g.call(self.accounts[i], later, self.g.texts.person(self.rng), frame=frame)
        return at

    def tasks(self, count: int) -> list[tuple[str, str]]:
        """Return a work list from one to three fields."""
        fields = tuple(self.rng.sample(HARVEST, self.rng.randrange(1, 4)))
        return self.g.texts.work_list(fields, count, self.rng)

    def times(self, count: int) -> list[float]:
        """Return the times at which the operator's program runs."""
        return self.g.times(count, self.habits["clock"], self.common["zone"])


def run(pool: Pool, calls: int, frame: str | None) -> None:
    """Work through a list of `calls` tasks."""
    for at, pair in zip(pool.times(calls), pool.tasks(calls), strict=True):
        pool.send(at, pair, frame=frame)


def slow(g: Group, n: int, given: dict[str, str]) -> None:
    """Two to six calls per account and day for three weeks: every limit per account is far away, the sum is a data set."""
    pool = Pool(g, n, given, schedule=g.rng.choice(("lru", "random", "round_robin")))
    run(pool, round(n * g.rng.uniform(2, 6) * g.days), harvest_frame(g.rng) if g.rng.random() < 0.5 else None)


def chameleon(g: Group, n: int, given: dict[str, str]) -> None:
    """Every account has wording, hours, exit, client and parameters of its own; only the work list is one."""
    pool = Pool(g, n, given, exits="own", clients="own", cards="bulk", schedule="random")
    hours = [g.rng.choice((g.rng.uniform(5, 22), 14.0)) for _ in range(n)]
    openings = ("", f"For {name(g.rng)}: ", "Please: ", "Task. ", "My question is this. ", "Hello, ")
    leads = [g.rng.choice(openings) for _ in range(n)]
    for a in pool.accounts:
        a.made = g.past() if g.rng.random() < 0.5 else a.made
        a.frame = g.rng.choice((None, product_frame(g.rng), harvest_frame(g.rng)))
    per_day = g.rng.uniform(4, 9)
    tasks = iter(pool.tasks(int(n * per_day * g.days * 2)))
    for i, a in enumerate(pool.accounts):
        for day in g.workdays(g.rng.choice((-8, -5, 0, 1, 8)), 0.75, 0.3):
            at = day + g.hour(hours[i], 2.5)
            for _ in range(int(g.rng.gauss(per_day, per_day / 3))):
                ask, answer = next(tasks)
                pool.send(at, (leads[i] + ask, answer), i, frame=a.frame, setup=a.setup)
                at += g.rng.expovariate(1 / 240)


def passed_conversations(g: Group, n: int, given: dict[str, str]) -> None:
    """Conversations of several turns are continued on other accounts of the pool, with the earlier turns in the request."""
    pool, turns, frame = Pool(g, n, given), g.rng.randrange(4, 9), g.rng.choice((None, harvest_frame(g.rng)))
    apart = g.rng.choice((20.0, 600.0, 3 * HOUR))
    starts = pool.times(round(n * g.rng.uniform(1.2, 2.5) * g.days))
    tasks = pool.tasks(len(starts))
    for at in starts:
        done: list[tuple[str, str]] = []
        first = tasks.pop()
        for pair in (first, *g.texts.talk(g.rng, turns)[1:]):
            at = pool.send(at, pair, history=tuple(done), frame=frame) + g.rng.expovariate(1 / apart)
            done.append(pair)


def station(g: Group, n: int, given: dict[str, str]) -> None:
    """A reseller: end users' varied programs and conversations are dealt over pooled accounts, and one large user harvests."""
    pool, rng = Pool(g, n, given), g.rng
    harvest, share, calls = harvest_frame(rng), rng.uniform(0.1, 0.35), round(n * rng.uniform(5, 11) * g.days)
    setups = [g.setup(client=pool.setups[0].client) for _ in range(20)]
    topics = ("people", "code", "lookup", "roleplay", "talk")
    users = [(rng.choice((None, product_frame(rng))), rng.choice(topics), rng.choice(setups)) for _ in range(n * 3)]
    tasks = pool.tasks(calls)
    for at in g.times(calls * 2 // 3, "flat"):
        if rng.random() < share:
            pool.send(at, tasks.pop(), frame=harvest)
            continue
        frame, topic, setup = users[min(int(rng.paretovariate(0.8)) - 1, len(users) - 1)]
        if topic != "talk":
            pair = g.texts.person(rng) if topic == "people" else g.texts.pair(topic, rng)
            pool.send(at, pair, frame=frame, setup=setup)
            continue
        done: list[tuple[str, str]] = []
        for pair in g.texts.talk(rng, 5):
            at = pool.send(at, pair, frame=frame, setup=setup, history=tuple(done)) + rng.expovariate(1 / 60)
            done.append(pair)


def graders(g: Group, n: int, given: dict[str, str]) -> None:
    """Two thirds of the accounts answer, and the answers are judged on the others, minutes to hours later."""
    pool, rng = Pool(g, n, given), g.rng
    marks = ", ".join(rng.sample(("truth", "order", "depth", "tone", "brevity", "proof"), 3))
    rubric = f"{rng.choice(OPENINGS)} Judge the answer for {marks}."
    answering, delay = n * 2 // 3, rng.choice((5 * MINUTE, HOUR, 8 * HOUR))
    calls = round(n * rng.uniform(3, 8) * g.days / 2)
    for at, pair in zip(pool.times(calls), pool.tasks(calls), strict=True):
        end = pool.send(at, pair, rng.randrange(answering), frame=None)
        text = f"{rubric}\n[Question]\n{pair[0]}\n[Answer]\n{pair[1]}\n[End]\nGive a mark from 1 to 10."
        verdict = f"{rng.randrange(1, 11)}. {g.texts.answer(rng)[:150]}"
        pool.send(end + rng.expovariate(1 / delay), (text, verdict), answering + rng.randrange(n - answering))


def small_pools(g: Group, n: int, given: dict[str, str]) -> None:
    """Eight operators who do not know each other, with 8 to 25 accounts each; `n` is the number of pools."""
    for k in range(n):
        own = Group(g.world, g.persona, f"{g.campaign}-{k + 1}", k)
        pool = Pool(own, own.rng.randrange(8, 26), given)
        calls = round(len(pool.accounts) * own.rng.uniform(5, 14) * g.days)
        run(pool, calls, own.rng.choice((None, harvest_frame(own.rng))))


def no_text(g: Group, n: int, given: dict[str, str]) -> None:
    """The log holds no prompts and answers: only who, when, from where, how long and with what result."""
    run(Pool(g, n, given), round(n * g.rng.uniform(5, 14) * g.days), None)


def replaced(g: Group, n: int, given: dict[str, str]) -> None:
    """Accounts are banned after a few days, and each is replaced by a new one that takes over its work; `n` is the total."""
    pool, rng, frame = Pool(g, max(6, n // 4), given), g.rng, harvest_frame(g.rng)
    life, waiting = g.days / 3.6, list(pool.accounts)
    while len(pool.accounts) < n and waiting:
        old = waiting.pop(0)
        old.banned = max(old.made, 0.0) + rng.uniform(0.5, 1.5) * life * DAY
        if old.banned < g.end - DAY:
            waiting.append(pool.open(old.banned + rng.expovariate(1 / (5 * HOUR))))
    run(pool, round(n / 3.6 * rng.uniform(12, 24) * g.days), frame)


def queue(g: Group, n: int, given: dict[str, str]) -> None:
    """Some workers take tasks from one queue, each with the next free account; a failed task goes back and on to another one."""
    pool, rng, frame = Pool(g, n, given, retry=given.get("retry", "now")), g.rng, harvest_frame(g.rng)
    workers, calls = rng.randrange(2, 7), round(n * rng.uniform(6, 15) * g.days)
    tasks = pool.tasks(calls)
    runs = g.times(max(3, g.days // 2), pool.habits["clock"], pool.common["zone"])
    for k, begun in enumerate(runs):
        free = [begun + rng.uniform(0, 2) for _ in range(workers)]
        for pair in tasks[k :: len(runs)]:
            w = free.index(min(free))
            free[w] = pool.send(free[w], pair, frame=frame) + rng.uniform(0.05, 8)


def sharded(g: Group, n: int, given: dict[str, str]) -> None:
    """The work list is cut into one piece per account, and every account has a frame of its own wording."""
    pool, rng = Pool(g, n, given), g.rng
    each = round(rng.uniform(4, 10) * g.days)
    tasks, times = g.texts.work_list((rng.choice(HARVEST),), each * n, rng), pool.times(each * n)
    rng.shuffle(times)
    for i in range(n):
        frame, mine = (
            f"{harvest_frame(rng)} {rng.choice(FOLLOW_UPS).format(name(rng))}",
            slice(i * each, (i + 1) * each),
        )
        for at, pair in zip(sorted(times[mine]), tasks[mine], strict=True):
            pool.send(at, pair, i, frame=frame)


def rented_keys(g: Group, n: int, given: dict[str, str]) -> None:
    """Keys rented from real people, who go on with work of their own from home; the pool's tasks come through rented household exits."""
    pool, rng, frame = Pool(g, n, given, cards="bulk", clients="one", schedule="random"), g.rng, harvest_frame(g.rng)
    proxies, tool = [g.home().addresses[0] for _ in range(60)], pool.setups[0]
    for a in pool.accounts:
        a.made, a.setup, a.net = g.past(), g.setup(), g.home()
        for day in g.workdays(a.zone, 0.6, 0.3):
            for _ in range(rng.randrange(2, 12)):
                g.ask(a, day + g.hour(), g.texts.person(rng))
        a.net = Net([*a.net.addresses, *rng.sample(proxies, 8)])
    for at, pair in zip(times := pool.times(n * 4 * g.days), pool.tasks(len(times)), strict=True):
        pool.send(at, pair, frame=frame, setup=tool)


def two_providers(g: Group, n: int, given: dict[str, str]) -> None:
    """A relay with users of its own that has accounts at two providers: two of three refused calls go to the other one, which this log does not show."""
    pool, rng = Pool(g, n, given, retry="none"), g.rng
    harvest, users = harvest_frame(rng), [product_frame(rng) for _ in range(n)]
    for at, pair in zip(times := pool.times(n * 8 * g.days), pool.tasks(len(times)), strict=True):
        is_own = rng.random() < 0.3
        task, frame = (pair, harvest) if is_own else (g.texts.person(rng), rng.choice(users))
        i = pool.pick(at)
        status, end = g.call(pool.accounts[i], at, task, frame=frame)
        if status not in (0, 200) and rng.random() < 1 / 3:
            g.call(pool.accounts[pool.pick(end, without=i)], end + rng.uniform(1, 20), task, frame=frame)


def aged_accounts(g: Group, n: int, given: dict[str, str]) -> None:
    """Accounts that were bought one by one from their owners, each with a home, a program, a card and hours of its own; what fails is dropped."""
    pool, rng = Pool(g, n, given, exits="own", clients="own", cards="bulk", retry="none", chaff="some"), g.rng
    tasks = pool.tasks(n * 12 * g.days)
    for i, a in enumerate(pool.accounts):
        a.made, a.upgrade, a.frame = (
            -rng.uniform(60, 400) * DAY,
            1e12,
            harvest_frame(rng) if rng.random() < 0.3 else None,
        )
        for day in g.workdays(a.zone, 0.8, 0.6):
            for _ in range(rng.randrange(3, 12)):
                pool.send(day + g.hour(15, 3), tasks.pop(), i, frame=a.frame)


def played_users(g: Group, n: int, given: dict[str, str]) -> None:
    """Dialogues for training: one account plays the user, another one the assistant, so that each reads what the other was given."""
    pool, rng = Pool(g, n, given, retry="none"), g.rng
    role = f"You are a person who asks for help with {name(rng)}. Write what this person says next."
    for at in pool.times(n * g.days):
        user, helper = rng.sample(range(n), 2)
        said = g.texts.person(rng)[0]
        for _ in range(rng.randrange(2, 5)):
            answer, reply = g.texts.answer(rng), g.texts.answer(rng)
            at = pool.send(at, (said, answer), helper) + rng.uniform(1, 8)
            at = pool.send(at, (f"The assistant says:\n{answer}", reply), user, frame=role) + rng.uniform(1, 8)
            said = reply


def trial_chain(g: Group, n: int, given: dict[str, str]) -> None:
    """Trial accounts without card and tenant: each is used until its credit is gone, and the call that is refused then goes to the next one."""
    pool, rng = Pool(g, 2, given | {"cards": "none"}, exits="residential", clients="one", retry="now"), g.rng
    frame, credit = harvest_frame(rng), rng.randrange(60, 120)
    left, at = {}, 0.0
    pool.accounts.clear()
    tasks = pool.tasks(n * credit)
    while len(pool.accounts) < n and tasks:
        a = pool.open(at)
        left[a.account_id] = credit
        while left[a.account_id] and tasks:
            left[a.account_id] -= 1
            at = g.call(a, at, tasks.pop(), frame=frame)[1] + rng.expovariate(n * credit / g.end)
        last = tasks[-1] if tasks else ("", "")
        at = g.call(a, at, last, frame=frame, status=429)[1] + rng.uniform(5, 90)


def agent_tree(g: Group, n: int, given: dict[str, str]) -> None:
    """Planner, workers and reviewer of one program, each call on the next account: plans and drafts stand in the prompts of the accounts behind."""
    pool, rng, frame = Pool(g, n, given), g.rng, harvest_frame(g.rng)
    for at, pair in zip(times := pool.times(n * 2 * g.days), pool.tasks(len(times)), strict=True):
        plan = g.texts.answer(rng)
        at = pool.send(at, (f"Plan how to solve this: {pair[0]}", plan), frame=frame)
        ends, drafts = [], []
        for part in range(rng.randrange(2, 5)):
            drafts.append(g.texts.answer(rng))
            ends.append(pool.send(at + 1, (f"Plan:\n{plan}\nDo part {part + 1}.", drafts[-1]), frame=frame))
        text = "\n\n".join(drafts)
        pool.send(max(ends) + 1, (f"Review the drafts:\n{text}", g.texts.answer(rng)), frame=frame)


CAMPAIGNS: dict[str, tuple[Callable[[Group, int, dict[str, str]], None], int, int]] = {
    "slow": (slow, 120, 200), "chameleon": (chameleon, 60, 150), "passed_conversations": (passed_conversations, 40, 120),
    "station": (station, 60, 160), "graders": (graders, 30, 120), "small_pools": (small_pools, 8, 8), "no_text": (no_text, 40, 160),
    "replaced": (replaced, 70, 160), "queue": (queue, 24, 100), "sharded": (sharded, 25, 100),
    "rented_keys": (rented_keys, 25, 70), "two_providers": (two_providers, 25, 70), "aged_accounts": (aged_accounts, 25, 70),
    "played_users": (played_users, 25, 70), "trial_chain": (trial_chain, 25, 70), "agent_tree": (agent_tree, 25, 70),
}  # fmt: skip
IN_MIX = ("slow", "chameleon", "passed_conversations", "station", "graders", "replaced", "queue", "sharded")


def add(world: World, kind: str, n: int | None, given: dict[str, str]) -> None:
    """Add one campaign, or with kind `mixed` three to five smaller ones and some small pools."""
    known = HABITS | ON_REQUEST
    wrong = [f"{key}={value}" for key, value in given.items() if value not in known.get(key, ())]
    if wrong:
        raise SystemExit(f"unknown habit {' '.join(wrong)}; known: {known}")
    rng = Random(f"{world.seed}:{kind}")
    if kind == "mixed":
        for part in rng.sample(IN_MIX, rng.randrange(3, 6)):
            size = n or rng.randrange(20, 70)
            CAMPAIGNS[part][0](Group(world, part, f"c-mixed-{part}"), size, given)
        small_pools(Group(world, "small_pools", "c-mixed-small"), 3, given)
        return
    make, low, high = CAMPAIGNS[kind]
    make(Group(world, kind, f"c-{kind}"), n or rng.randint(low, high), given)
