"""The log under construction: accounts, networks, clients and calls, and the two forms in which they are written."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import polars as pl
from texts import name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from texts import Texts

START = 1_791_158_400  # Monday, 2026-10-05 00:00 UTC
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
ZONES = (-8, -6, -5, -5, -3, 0, 0, 1, 1, 1, 2, 3, 5.5, 7, 8, 8, 9, 10)
FREE_MAIL = (*["gmail.com"] * 3, *["outlook.com"] * 2, "proton.me", "gmx.net", "yahoo.com", "qq.com", "163.com")
THROWAWAY = ("mailbox.example", "tempinbox.example", "burner.example", "trashbox.example")
PLANS = ("payg", "payg", "payg", "pro", "team", "free")
MODELS = ("meridian-large-3", "meridian-mini-3", "meridian-think-2")
SUCCESSOR, RELEASE = "meridian-large-4", 12 * DAY
ELSEWHERE = ("DE", "GB", "FR", "IN", "BR", "JP", "SG", "CN", "PL", "SE", "KR", "CA", "AU", "NL", "ES", "MX")
HOSTS = ("US", "US", "DE", "IE", "SG", "US", "NL", "JP", "FR", "FI")
KITS = (
    "OpenAI/Python",
    "AsyncOpenAI/Python",
    "OpenAI/JS",
    "python-httpx",
    "node-fetch",
    "langchain-python",
    "okhttp",
    "curl",
)

COLUMNS = {
    "payment": ("payment_fingerprint", "billing_country"), "tenant": ("tenant_id",), "mail": ("email_domain",), "signup": ("signup_time",),
    "network": ("client_ip", "client_asn", "client_country"), "client": ("user_agent",),
}  # fmt: skip
"""What a log may lack of who its accounts are, and the columns that go with it."""

Address = tuple[str, int, str]


@dataclass(frozen=True)
class Net:
    """Addresses a caller is seen at: one per `lease` seconds in turn, or any of them if `lease` is 0."""

    addresses: Sequence[Address]
    lease: float = 0.0

    def at(self, when: float, rng: Random) -> Address:
        """Return the address at a time."""
        if self.lease:
            return self.addresses[int(when / self.lease) % len(self.addresses)]
        return rng.choice(self.addresses)


@dataclass(frozen=True)
class Setup:
    """How calls are made: the client program and its parameters."""

    client: str
    model: str = MODELS[0]
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    stream: bool = False


@dataclass
class Account:
    """A customer account with one key."""

    account_id: str
    key: str
    tenant: str | None
    card: str | None
    mail: str | None
    plan: str
    made: float
    country: str
    net: Net
    setup: Setup
    persona: str
    campaign: str | None
    listed: bool = True
    frame: str | None = None
    upgrade: float = 1e12
    zone: float = 0.0
    banned: float = 1e12
    fail: float = 0.006


@dataclass
class World:
    """Everything that the groups of one log have in common."""

    seed: int
    days: int
    texts: Texts
    accounts: list[Account] = field(default_factory=list)
    calls: list[tuple[float, Account, dict[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        rng = Random(f"world:{self.seed}")
        self.end = self.days * DAY
        self.outages = [(t, t + rng.uniform(8, 40) * MINUTE) for t in (rng.uniform(0, self.end) for _ in range(3))]
        countries = enumerate(["US"] * 14 + [*ELSEWHERE])
        self.isps = [(4000 + 7 * i, c, 240 + i % 12, rng.randrange(256), i + 1) for i, c in countries]
        self.hosts = [(9000 + 11 * i, c, 252 + i % 3, rng.randrange(256), 200 + i) for i, c in enumerate(HOSTS)]
        self.serverless = Net([self.address(rng, self.hosts[0], third=rng.randrange(5)) for _ in range(40)])
        self.carriers = [Net([self.address(rng, isp, third=7) for _ in range(6)], 3 * HOUR) for isp in self.isps[::4]]
        versions = [f"{rng.randrange(1, 4)}.{rng.randrange(0, 30)}.{rng.randrange(0, 4)}" for _ in range(90)]
        self.clients = [f"{KITS[i % len(KITS)]} {version}" for i, version in enumerate(versions)]
        rng.shuffle(self.clients)
        self.client_weights = [1 / (i + 1.5) for i in range(len(self.clients))]

    @staticmethod
    def address(
        rng: Random, provider: tuple[int, str, int, int, int], third: int | None = None, *, six: bool = False
    ) -> Address:
        """Return an address of a provider; `third` fixes the /24 (or, for version 6, the /48)."""
        asn, country, first, second, number = provider
        third = rng.randrange(65536 if six else 256) if third is None else third
        if six:
            return f"3fff:{number:x}:{third:x}:{rng.randrange(256):x}::{rng.randrange(1, 65536):x}", asn, country
        return f"{first}.{second}.{third}.{rng.randrange(1, 255)}", asn, country


class Group:
    """Accounts and calls of one kind, with chance of its own: other kinds in the log do not change it."""

    def __init__(self, world: World, persona: str, campaign: str | None = None, part: int = 0) -> None:
        self.world, self.persona, self.campaign, self.texts = world, persona, campaign, world.texts
        self.rng = Random(f"{world.seed}:{persona}:{campaign}:{part}")
        self.days, self.end = world.days, world.end

    # who ------------------------------------------------------------------------------------------------------
    def token(self, start: str) -> str:
        """Return a fresh identifier."""
        return f"{start}_{self.rng.getrandbits(48):012x}"

    def account(self, made: float | None = None, **given: Any) -> Account:  # noqa: ANN401
        """Open an ordinary account; `given` sets fields (card, tenant, mail, net, setup, frame, listed, zone, plan)."""
        rng = self.rng
        own = f"{name(rng).lower()}{name(rng).lower()}{rng.choice(('soft', 'ly', '-it', 'hq', 'works', ''))}.example"
        fields: dict[str, Any] = {
            "account_id": self.token("acct"), "key": self.token("key"), "tenant": self.token("org"), "card": self.token("pf"),
            "mail": rng.choice(FREE_MAIL) if rng.random() < 0.6 else own, "plan": rng.choice(PLANS), "zone": rng.choice(ZONES),
            "fail": min(0.08, rng.lognormvariate(-5.2, 1.0)), "made": made, "persona": self.persona, "campaign": self.campaign,
            "upgrade": RELEASE + rng.expovariate(1 / (4 * DAY)) if rng.random() < 0.5 else 1e12,
        }  # fmt: skip
        if rng.random() < 0.08 and self.campaign is None:
            fields |= {"card": None, "tenant": None, "listed": rng.random() < 0.5}
        fields |= given
        fields["made"] = self.past() if fields["made"] is None else fields["made"]
        fields.setdefault("net", self.home() if rng.random() < 0.6 else self.cloud(rng.choice((1, 1, 2, 4))))
        fields.setdefault("setup", self.setup())
        fields.setdefault("country", fields["net"].addresses[0][2])
        account = Account(**fields)
        self.world.accounts.append(account)
        return account

    def past(self) -> float:
        """Return a sign-up time: mostly long ago, one in six during the log."""
        rng = self.rng
        return rng.uniform(0, self.end * 0.9) if rng.random() < 0.16 else -rng.expovariate(1 / (150 * DAY)) - HOUR

    # where and with what --------------------------------------------------------------------------------------
    def home(self) -> Net:
        """Return the connection of one household, which changes its address every few days."""
        rng, provider, count = self.rng, self.rng.choice(self.world.isps), self.rng.choice((1, 3, 8))
        six, third = rng.random() < 0.35, rng.randrange(65536)
        addresses = [self.world.address(rng, provider, third if six else None, six=six) for _ in range(count)]
        return Net(addresses, rng.uniform(1, 6) * DAY)

    def cloud(self, count: int, host: int | None = None, third: int | None = None) -> Net:
        """Return `count` exits at a hosting company."""
        if host is None and self.rng.random() < 0.15:
            return self.world.serverless
        provider = self.rng.choice(self.world.hosts) if host is None else self.world.hosts[host % len(self.world.hosts)]
        return Net([self.world.address(self.rng, provider, third) for _ in range(count)])

    def setup(self, **given: Any) -> Setup:  # noqa: ANN401
        """Return call settings as people have them."""
        rng = self.rng
        fields: dict[str, Any] = {
            "client": rng.choices(self.world.clients, self.world.client_weights)[0], "model": rng.choices(MODELS, (5, 3, 2))[0],
            "temperature": rng.choice((None, None, 0.0, 0.2, 0.7, 0.7, 1.0, round(rng.uniform(0, 1.2), 2))),
            "max_tokens": rng.choice((None, None, 512, 1024, 2048, 4096, rng.randrange(100, 4000))), "stream": rng.random() < 0.35,
        }  # fmt: skip
        return Setup(**(fields | given))

    # when -----------------------------------------------------------------------------------------------------
    def workdays(self, zone: float, share: float = 0.7, weekend: float = 0.15) -> list[float]:
        """Return local midnights, in seconds, of the days on which somebody works."""
        days = [d for d in range(self.days) if self.rng.random() < (weekend if d % 7 > 4 else share)]
        return [d * DAY - zone * HOUR for d in days]

    def hour(self, around: float = 14.0, spread: float = 3.2) -> float:
        """Return a time of day in seconds."""
        return min(23.9, max(0.1, self.rng.gauss(around, spread))) * HOUR

    def times(self, count: int, clock: str, zone: float = 0.0) -> list[float]:
        """Return `count` sorted times in the log: flat, office, night or bursts (one to three shared runs a day)."""
        rng, found = self.rng, []
        runs = [d * DAY + rng.uniform(0, 21) * HOUR for d in range(self.days) for _ in range(rng.randrange(1, 4))]
        lengths = [rng.uniform(0.5, 2.5) * HOUR for _ in runs]
        while len(found) < count:
            day = rng.randrange(self.days)
            if clock == "flat":
                at = rng.uniform(0, self.end)
            elif clock == "office":
                at = day * DAY - zone * HOUR + self.hour() if day % 7 < 5 or rng.random() < 0.2 else -1.0
            elif clock == "night":
                at = day * DAY - zone * HOUR + (21 + rng.uniform(0, 9)) * HOUR
            else:
                run = rng.randrange(len(runs))
                at = runs[run] + rng.uniform(0, lengths[run])
            if 0 <= at < self.end:
                found.append(at)
        return sorted(found)

    # calls ----------------------------------------------------------------------------------------------------
    def call(
        self, account: Account, at: float, pair: tuple[str, str], *, frame: str | None = None, history: Sequence[tuple[str, str]] = (),
        setup: Setup | None = None, session: str | None = None, status: int | None = None,
        user: str | None = None,
    ) -> tuple[int, float]:  # fmt: skip
        """Log one call and return its status and end; outside of the account's life nothing is logged and the status is 0."""
        rng, world = self.rng, self.world
        if not max(0.0, account.made) <= at < min(self.end, account.banned + HOUR):
            return 0, at
        setup, frame = setup or account.setup, frame or account.frame
        if status is None:
            status = 403 if at > account.banned else 200
            if status == 200 and any(a <= at < b for a, b in world.outages) and rng.random() < 0.6:
                status = 503
            elif status == 200 and rng.random() < account.fail:
                status = rng.choice((429, 429, 429, 500, 529))
        prompt, answer = pair[0], pair[1] if status == 200 else ""
        top = setup.max_tokens or 4096
        cut = len(answer) > top * 4
        answer = answer[: top * 4]
        ip = account.net.at(at, rng)
        taken = rng.uniform(0.1, 1.2) if status != 200 else 0.4 + len(answer) / 4 / rng.uniform(40, 90)
        model = SUCCESSOR if setup.model == MODELS[0] and at > account.upgrade else setup.model
        sent = len(prompt) + len(frame or "") + sum(len(a) + len(b) for a, b in history)
        world.calls.append((at, account, {
            "id": f"{rng.getrandbits(96):024x}", "ip": ip, "client": setup.client, "model": model, "setup": setup, "frame": frame,
            "history": tuple(history), "prompt": prompt, "answer": answer, "status": status, "took": taken, "session": session,
            "user": user, "input": sent // 4 + 3, "output": len(answer) // 4 + (status == 200), "cut": cut,
        }))  # fmt: skip
        return status, at + taken

    def relay(
        self, keys: Iterable[Account], at: float, pair: tuple[str, str], pause: tuple[float, float], **how: Any  # noqa: ANN401
    ) -> tuple[Account, float]:  # fmt: skip
        """Call with one key after the other, `pause` seconds apart, until one answers; return the last key and the end."""
        for account in keys:
            status, end = self.call(account, at, pair, **how)
            if status in (0, 200):
                break
            at = end + self.rng.uniform(*pause)
        return account, end

    def ask(self, account: Account, at: float, pair: tuple[str, str], **how: Any) -> float:  # noqa: ANN401
        """Call and, after a failure, up to three times again on the same account; return the end."""
        return self.relay([account] * 4, at, pair, self.rng.choice(((0.5, 2), (2, 8))), **how)[1]

    def chat(self, account: Account, at: float, turns: int, **how: Any) -> float:  # noqa: ANN401
        """Log a conversation on one account and return its end."""
        session, done = self.token("sess"), []
        for pair in self.texts.talk(self.rng, turns):
            end = self.ask(account, at, pair, history=done[-8:], session=session, **how)
            at = end + 4 + self.rng.expovariate(1 / 70)
            done.append(pair)
        return at


# writing ------------------------------------------------------------------------------------------------------
def _stamp(seconds: float) -> str:
    return str(np.datetime64(round((START + seconds) * 1000), "ms")) + "Z"


def _messages(call: dict[str, Any], limit: int | None = None) -> list[dict[str, str]]:
    pairs = [("system", call["frame"])] if call["frame"] else []
    for ask, answer in call["history"]:
        pairs += [("user", ask), ("assistant", answer)]
    return [{"role": role, "content": _cut(text, limit)} for role, text in (*pairs, ("user", call["prompt"]))]


def _cut(text: str, limit: int | None) -> str:
    if limit is None or len(text) <= limit:
        return text
    head, tail = int(limit * 0.35), int(limit * 0.65)
    mark = "Truncation is a DB storage safeguard. Full, untruncated data is logged to logging callbacks (OTEL, Datadog, etc.)."
    return f"{text[:head]}... (litellm_truncated skipped {len(text) - head - tail} chars. {mark}) ...{text[-tail:]}"


def generic_row(at: float, account: Account, call: dict[str, Any], *, has_text: bool) -> dict[str, Any]:
    """Return a call as a plain JSON record."""
    setup, ok = call["setup"], call["status"] == 200
    row = {
        "timestamp": _stamp(at), "request_id": f"req_{call['id']}", "account_id": account.account_id, "api_key_id": account.key,
        "session_id": call["session"], "end_user_id": call["user"], "client_ip": call["ip"][0], "client_asn": call["ip"][1],
        "client_country": call["ip"][2], "user_agent": call["client"], "endpoint": "/v1/chat/completions", "model": call["model"],
        "stream": setup.stream, "temperature": setup.temperature, "top_p": setup.top_p, "max_tokens": setup.max_tokens,
        "input_tokens": call["input"], "output_tokens": call["output"], "status": call["status"], "error": None if ok else "error",
        "finish_reason": ("length" if call["cut"] else "stop") if ok else None, "latency_ms": round(call["took"] * 1000),
    }  # fmt: skip
    if has_text:
        row |= {"system": call["frame"], "messages": _messages(call), "response": call["answer"] if ok else None}
    return row


def key_hash(account: Account) -> str:
    """Return what a gateway stores of a key."""
    return hashlib.sha256(account.key.encode()).hexdigest()


def spend_row(at: float, account: Account, call: dict[str, Any], *, has_text: bool) -> dict[str, Any]:
    """Return a call as a row of a gateway's spend table; accounts that are not listed have no user name there."""
    setup, ok, hashed = call["setup"], call["status"] == 200, key_hash(account)
    request_id, team = f"chatcmpl-{call['id']}", account.tenant if account.listed else None
    usage = {
        "prompt_tokens": call["input"],
        "completion_tokens": call["output"],
        "total_tokens": call["input"] + call["output"],
    }
    metadata: dict[str, Any] = {
        "user_api_key": hashed, "user_api_key_alias": account.key, "user_api_key_team_id": team,
        "requester_ip_address": call["ip"][0], "user_agent": call["client"], "usage_object": usage,
    }  # fmt: skip
    if not ok:
        metadata["error_information"] = {"error_code": str(call["status"]), "error_class": "APIError"}
    begun, ended = _stamp(at), _stamp(at + call["took"])
    row: dict[str, Any] = {
        "request_id": request_id, "call_type": "acompletion", "api_key": hashed, "spend": round(usage["total_tokens"] * 3e-6, 9),
        **usage, "startTime": begun, "endTime": ended, "request_duration_ms": round(call["took"] * 1000),
        "completionStartTime": ended, "model": call["model"], "model_id": f"dep-{call['model']}", "model_group": call["model"],
        "custom_llm_provider": "openai", "api_base": "https://llm.example.net/v1", "user": account.account_id if account.listed else "",
        "metadata": metadata, "cache_hit": "False", "cache_key": "Cache OFF",
        "request_tags": [f"User-Agent: {call['client'].split('/')[0]}", f"User-Agent: {call['client']}"], "team_id": team,
        "organization_id": None, "end_user": call["user"] or "", "requester_ip_address": call["ip"][0], "messages": {}, "response": {},
        "session_id": call["session"] or f"{call['id'][:16]}", "status": "success" if ok else "failure", "proxy_server_request": {},
        "litellm_call_id": call["id"], "created_at": ended, "updated_at": ended,
    }  # fmt: skip
    if has_text:
        asked = {
            "model": call["model"],
            "temperature": setup.temperature,
            "max_tokens": setup.max_tokens,
            "stream": setup.stream,
        }
        row["proxy_server_request"] = {k: v for k, v in asked.items() if v is not None} | {
            "messages": _messages(call, 2048)
        }
        if ok:
            answer = {"role": "assistant", "content": _cut(call["answer"], 2048)}
            choice = {"index": 0, "finish_reason": "length" if call["cut"] else "stop", "message": answer}
            row["response"] = {
                "id": request_id,
                "object": "chat.completion",
                "model": call["model"],
                "choices": [choice],
                "usage": usage,
            }
    return row


def write(
    world: World, out: Path, form: str, *, has_text: bool, has_directory: bool, without: Iterable[str] = ()
) -> Counter[str]:
    """Write logs, directory, labels and aliases; return the calls per account.

    Plain records and the directory lack the columns `without`.
    """
    lacking = {column for name in without for column in COLUMNS[name]}
    (out / "logs").mkdir(parents=True, exist_ok=True)
    make = generic_row if form == "generic" else spend_row
    counts: Counter[str] = Counter()
    days: dict[int, list[bytes]] = {}
    for at, account, call in sorted(world.calls, key=lambda c: (c[0], c[2]["id"])):
        counts[account.account_id] += 1
        row = {key: value for key, value in make(at, account, call, has_text=has_text).items() if key not in lacking}
        days.setdefault(int(at // DAY), []).append(orjson.dumps(row) + b"\n")
    for day, lines in days.items():
        (out / "logs" / f"requests-{_stamp(day * DAY)[:10]}.jsonl").write_bytes(b"".join(lines))
    seen = sorted((a for a in world.accounts if counts[a.account_id]), key=lambda a: a.account_id)
    if has_directory and form == "generic":
        directory = pl.DataFrame(
            [
                (a.account_id, a.key, a.tenant, a.plan, _stamp(round(a.made)), a.card, a.mail, a.country)
                for a in seen
                if a.listed
            ],
            schema=dict.fromkeys(
                ("account_id", "api_key_id", "tenant_id", "plan", "signup_time", "payment_fingerprint", "email_domain", "billing_country"),
                pl.String,
            ),
            orient="row",
        )  # fmt: skip
        directory.drop(lacking & {*directory.columns}).write_csv(out / "logs" / "accounts.csv", line_terminator="\r\n")
    pl.DataFrame({
        "account_id": [a.account_id for a in seen], "truth": ["campaign" if a.campaign else "benign" for a in seen],
        "campaign_id": pl.Series([a.campaign for a in seen], dtype=pl.String), "persona": [a.persona for a in seen],
        "requests": [counts[a.account_id] for a in seen],
    }).write_parquet(out / "labels.parquet")  # fmt: skip
    names = [
        (alias, a.account_id, kind)
        for a in seen
        for alias, kind in ((a.account_id, "account_id"), (a.key, "key"), (key_hash(a), "key_hash"))
    ]
    pl.DataFrame(names, schema=("alias", "account_id", "kind"), orient="row").write_parquet(out / "aliases.parquet")
    return counts
