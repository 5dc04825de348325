"""Innocent groups that an opposing expert made as suspicious as honest ones can be: none may be accused at moderate or strong.

    python benchmarks/twins.py

Each twin is planted among the ordinary customers of the simulator, examined from ingest to assessment, and reported with the highest
grade that it reaches and the explanations that hold for it. The program ends with 1 if any twin is accused at moderate or better.
These logs are existence proofs, not a sample of anything: they say that a known trap is closed, and no rate follows from them.
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
import sys
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from distilforensics.case.engines.duckdb import Limits
from distilforensics.case.layout import open_case
from distilforensics.case.tables import read_rows
from distilforensics.core.progress import Silent
from distilforensics.ingest.options import IngestOptions
from distilforensics.pipeline.run import run_case
from distilforensics.pipeline.steps import STEPS
from distilforensics.simulate import simulate, text

if TYPE_CHECKING:
    from collections.abc import Callable

START = datetime(2026, 3, 2, tzinfo=UTC)
DAYS = 10
REASONS = "Think step by step and show your full reasoning before you give the final answer."
COMPANIES = (
    "Acme",
    "Borealis",
    "Cygnus",
    "Deltora",
    "Elbrus",
    "Fjord",
    "Gaia",
    "Helix",
    "Ionis",
    "Juno",
    "Lumen",
    "Orca",
)
EVENTS = (
    "raises its guidance",
    "misses estimates",
    "announces a buyback",
    "faces a probe",
    "wins a contract",
    "cuts jobs",
)
COLUMNS = ("account_id", "created_at", "payment_fingerprint", "email_domain", "plan", "tenant_id", "organization")


@dataclass
class Log:
    """The accounts and calls of one twin."""

    rng: Random
    rows: list[dict[str, Any]] = field(default_factory=list)
    accounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    has_directory: bool = True

    def account(self, number: int, made: datetime, **known: str | None) -> str:
        """Add an account; what is not named is its own."""
        name = f"twin_{number:04d}"
        self.accounts[name] = {
            "account_id": name,
            "created_at": made.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "payment_fingerprint": f"pay_twin_{number:04d}",
            "email_domain": self.rng.choice(("mail.example", "post.example", "inbox.example")),
            "plan": "api",
            "tenant_id": f"tenant_twin_{number:04d}",
            "organization": None,
        } | known
        return name

    def call(
        self,
        account: str,
        at: datetime,
        prompt: str,
        system: str,
        address: str,
        *,
        length: float = 2.0,
        status: int = 200,
    ) -> None:
        """Add one call with an invented answer."""
        topic = text.choose_topic(self.rng, VOICE)
        answer = text.answer(self.rng, topic, length=length) if status == 200 else None
        self.rows.append({
            "timestamp": at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z",
            "request_id": f"req_twin_{len(self.rows):06d}",
            "account_id": account,
            "tenant_id": self.accounts[account]["tenant_id"],
            "model": "atlas-large-2",
            "input_tokens": (len(prompt) + len(system)) // 4,
            "output_tokens": len(answer or "") // 4,
            "max_tokens": 2048,
            "temperature": 0.7,
            "status": status,
            "latency_ms": 900 + len(answer or ""),
            "client_ip": address,
            "user_agent": "AsyncOpenAI/Python 2.1.0",
            "system_prompt": system,
            "prompt": prompt,
            "response": answer,
        })  # fmt: skip

    def question(self) -> str:
        """Return an invented question."""
        return text.question(self.rng, VOICE, text.choose_topic(self.rng, VOICE))

    def around(self, mean: float, spread: float, least: int = 1) -> int:
        """Return a number near `mean`."""
        return max(least, round(self.rng.gauss(mean, spread)))

    def long_ago(self) -> datetime:
        """Return a sign-up of somebody who came by himself."""
        return START - timedelta(days=self.rng.uniform(3, 300))

    def write(self, folder: Path) -> None:
        """Write the log and the directory of accounts."""
        folder.mkdir(parents=True)
        self.rows.sort(key=lambda row: (row["timestamp"], row["request_id"]))
        (folder / "requests.jsonl").write_text("".join(json.dumps(row) + "\n" for row in self.rows), encoding="utf-8")
        if self.has_directory:
            with (folder / "accounts.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, COLUMNS)
                writer.writeheader()
                writer.writerows(self.accounts[name] for name in sorted(self.accounts))


VOICE = text.make_voice(Random(1), "en")


def home(number: int) -> str:
    """Return a private address of one customer's own network."""
    return f"2001:db8:{0x4000 + number:x}::{number % 200 + 1:x}"


def day(number: float, hour: float = 0.0) -> datetime:
    """Return a time of the log."""
    return START + timedelta(days=number, hours=hour)


def event_product(log: Log) -> None:
    """Copies of one product that react to the same news, day and night, with one call each."""
    system = f"You are the analyst module of an open trading assistant. Say what the headline means for the portfolio. {REASONS}"
    news = [
        (day(d, log.rng.uniform(0, 24)), log.rng.choice(COMPANIES), log.rng.choice(EVENTS))
        for d in range(DAYS)
        for _ in range(14)
    ]
    for number in range(30):
        account = log.account(number, log.long_ago())
        portfolio = ", ".join(f"{name} {log.rng.randrange(5, 900)}" for name in log.rng.sample(COMPANIES, 4))
        for at, company, event in news:
            if log.rng.random() > 0.04:
                prompt = f"Portfolio: {portfolio}\nHeadline: {company} {event} ({log.rng.randrange(10**5)})"
                log.call(account, at + timedelta(seconds=log.rng.uniform(1, 240)), prompt, system, home(number))


def watch_list(log: Log) -> None:
    """An alert product whose customers follow five of twelve companies each; the same prompt for everybody who follows one."""
    system = "You are the commentator of StockBell. Explain what the headline means for a private investor."
    news = [
        (day(d, log.rng.gauss(14, 4.5) % 24), log.rng.choice(COMPANIES), log.rng.choice(EVENTS))
        for d in range(DAYS)
        for _ in range(30)
    ]
    for number in range(40):
        account, followed = log.account(number, log.long_ago()), set(log.rng.sample(COMPANIES, 5))
        for at, company, event in news:
            if company in followed and log.rng.random() < 0.93:
                prompt = f"Headline: {company} {event} on {at:%d %B}\nWhat does this mean?"
                log.call(account, at + timedelta(seconds=log.rng.uniform(1, 300)), prompt, system, home(number))


def challenge(log: Log) -> None:
    """Participants of a challenge with the organiser's voucher, a common kick-off and a daily quota; each in a session of its own."""
    system = f"You are the baseline solver of the starter kit. {REASONS}"
    for number in range(30):
        account = log.account(number, day(0, 17 + log.rng.uniform(0, 0.7)), payment_fingerprint="pay_voucher")
        for d in range(1, DAYS):
            at = day(d, log.rng.gauss(19, 3.5) % 24)
            for _ in range(20 if log.rng.random() > 0.08 else 0):
                at += timedelta(seconds=log.rng.uniform(20, 240))
                log.call(account, at, f"My variant {log.rng.randrange(10**6)}: {log.question()}", system, home(number))


def departments(log: Log) -> None:
    """One enterprise with a tenant for each department, one organisation and one card, around the clock."""
    system = f"You are the assistant of the company's prompt library. {REASONS}"
    for number in range(30):
        account = log.account(
            number, day(-90, number / 20), payment_fingerprint="pay_company", organization="Contoso Ltd"
        )
        for d in range(DAYS):
            for _ in range(log.around(12, 2)):
                prompt = f"Ticket {log.rng.randrange(10**7)}. {log.question()}"
                log.call(
                    account, day(d, log.rng.uniform(0, 24)), prompt, system, f"198.51.100.{log.rng.choice((5, 6))}"
                )


def project_per_key(log: Log) -> None:
    """One firm whose keys are projects, each its own tenant, on one card and one network; no organisation is known."""
    system = f"You are StudyBuddy, a tutor. {REASONS}"
    made = log.long_ago()
    for number in range(30):
        account = log.account(number, made + timedelta(minutes=2 * number), payment_fingerprint="pay_firm")
        for d in range(DAYS):
            for _ in range(log.around(12, 3)):
                log.call(
                    account,
                    day(d, log.rng.uniform(0, 24)),
                    log.question(),
                    system,
                    f"203.0.113.{log.rng.choice((7, 8))}",
                )


def renewed_keys(log: Log) -> None:
    """One customer whose accounts are key hashes that are renewed every four days, taken in turn, without a tenant."""
    system = "You write product descriptions for a web shop. Mention material, use and care in 150 words."
    accounts: dict[tuple[int, int], str] = {}
    for i in range(5600):
        at = START + timedelta(days=DAYS * i / 5600, seconds=log.rng.uniform(0, 60))
        key = (i % 25, (at - START).days // 4)
        if key not in accounts:
            accounts[key] = log.account(
                len(accounts), at - timedelta(minutes=30), tenant_id=None, payment_fingerprint="pay_shop"
            )
        prompt = f"SKU {log.rng.randrange(10**6)}: {log.question()}"
        log.call(accounts[key], at, prompt, system, f"203.0.113.{log.rng.choice((7, 8))}", length=0.8)


def keys_without_directory(log: Log) -> None:
    """One firm's job over thirty keys from one network; the log knows neither tenants nor a directory."""
    log.has_directory = False
    system = "You write product descriptions for a web shop. Mention material, use and care in 150 words."
    accounts = [log.account(number, log.long_ago(), tenant_id=None) for number in range(30)]
    for i in range(3000):
        at = START + timedelta(days=DAYS * i / 3000, seconds=log.rng.uniform(0, 200))
        log.call(
            accounts[i % 30], at, f"SKU {log.rng.randrange(10**6)}: {log.question()}", system, f"203.0.113.{7 + i % 2}"
        )


def help_desk(log: Log) -> None:
    """A help-desk product with its customers' keys: unequal loads, tickets numbered through, most customers won in one webinar."""
    system = "You are the reply drafter of DeskPilot. Draft an answer to the ticket, then list the facts you relied on."
    webinar = day(-20, 18)
    made = [webinar + timedelta(minutes=log.rng.uniform(0, 55)) if i % 5 < 3 else log.long_ago() for i in range(40)]
    accounts = [log.account(number, at) for number, at in enumerate(made)]
    weights = [log.rng.lognormvariate(0, 1) for _ in accounts]
    for i in range(3500):
        at = START + timedelta(days=DAYS * i / 3500, seconds=log.rng.uniform(0, 200))
        prompt = f"Ticket #{40000 + i}: {log.question()}"
        log.call(log.rng.choices(accounts, weights)[0], at, prompt, system, f"203.0.113.{log.rng.choice((20, 21, 22))}")


def examiners(log: Log) -> None:
    """Examiners at home who mark a dozen scripts a day against one rubric; accounts made in a training session, cards of their own."""
    system = "You are a marking assistant. Score the essay from 1 to 10 on each criterion of the rubric, explain the score step by step."
    for number in range(30):
        account = log.account(number, day(0, 9 + log.rng.uniform(0, 0.7)))
        for d in range(1, DAYS):
            at = day(d, log.rng.gauss(18, 3))
            for _ in range(log.around(12, 1.6, 6) if log.rng.random() > 0.1 else 0):
                at += timedelta(seconds=log.rng.uniform(120, 500))
                log.call(
                    account,
                    at,
                    f"Rubric: content, structure.\nScript {log.rng.randrange(10**6)}:\n{log.question()}",
                    system,
                    home(number),
                )


def online_workshop(log: Log) -> None:
    """Forty people at home who meet online in six lessons, sign up in the first one and vary the exercises."""
    system = f"You are the course assistant of Statistics 101. {REASONS}"
    for number in range(40):
        account = log.account(number, day(0, 9 + log.rng.uniform(0, 0.6)))
        for d, hour in ((0, 10), (2, 9.2), (3, 13), (7, 9), (8, 9), (9, 13.5)):
            at = day(d, hour) + timedelta(seconds=log.rng.uniform(0, 600))
            for _ in range(log.around(10, 1.5)):
                log.call(
                    account,
                    at,
                    f"Variant {log.rng.randrange(10**6)} for student {number}: {log.question()}",
                    system,
                    home(number),
                )
                at += timedelta(seconds=log.rng.expovariate(1 / 75))


def crowd_workers(log: Log) -> None:
    """Workers of a labelling platform with a dozen items a day, homes and cards of their own; the platform grows."""
    system = "You help a labelling worker. Explain step by step which answer is better."
    for number in range(40):
        begin = log.rng.uniform(0, DAYS - 6)
        account = log.account(number, day(begin))
        zone = log.rng.choice((-5, 0, 1, 8))
        for d in range(int(begin) + 1, DAYS):
            at = day(d, (log.rng.gauss(18, 3.5) - zone) % 24)
            for _ in range(log.around(12, 1.8)):
                at += timedelta(seconds=log.rng.expovariate(1 / 75))
                log.call(
                    account,
                    at,
                    f"Rate the answer. Item {log.rng.randrange(10**7)}: {log.question()}",
                    system,
                    home(number),
                )


def several_keys(log: Log) -> None:
    """Customers of a desktop program with four keys each, paid by one card, that goes to their next key after a limit error."""
    system = (
        "You are the assistant of LanternChat, an open desktop client. Use Markdown, and say when you are not sure."
    )
    for customer in range(16):
        made, zone, rate, calls = log.long_ago(), log.rng.choice((-8, -5, 0, 1, 8)), log.rng.lognormvariate(2.6, 0.8), 0
        keys = [
            log.account(
                4 * customer + i,
                made + timedelta(minutes=3 * i),
                tenant_id=None,
                payment_fingerprint=f"pay_own_{customer}",
            )
            for i in range(4)
        ]
        for d in range(DAYS):
            for _ in range(min(60, int(log.rng.expovariate(1 / rate)))):
                at, prompt = (
                    day(d, (log.rng.gauss(19, 3.5) - zone) % 24),
                    f"{log.question()} ({log.rng.randrange(10**5)})",
                )
                for status in (429, 200) if log.rng.random() < 0.08 else (200,):
                    log.call(keys[calls % 4], at, prompt, system, home(customer), status=status)
                    at += timedelta(seconds=log.rng.uniform(0.4, 3))
                    calls += 1


def mail_add_in(log: Log) -> None:
    """A mail program that sends every notice its users get to the model, each on a key of its own; the system prompt is not exported."""

    def words(n: int) -> str:
        return " ".join("".join(log.rng.choices("aeioubdfgklmnprst", k=log.rng.randint(2, 9))) for _ in range(n))

    senders = [[[words(5) for _ in range(3)] for _ in range(8)] for _ in range(12)]
    for number in range(40):
        account = log.account(number, log.long_ago())
        for d in range(DAYS):
            for _ in range(round(log.rng.lognormvariate(2.3, 0.6))):
                at = day(d, log.rng.uniform(0, 24))
                notice = " ".join(log.rng.choice(slot) for slot in log.rng.choice(senders))
                log.call(account, at, f"{words(6)} {notice} {words(12)}", "", home(number), length=0.5)


TWINS: tuple[Callable[[Log], None], ...] = (
    event_product, watch_list, challenge, departments, project_per_key, renewed_keys, keys_without_directory, help_desk, examiners,
    online_workshop, crowd_workers, several_keys, mail_add_in,
)  # fmt: skip


def examine(twin: Callable[[Log], None], seed: int, background: Path, work: Path) -> tuple[str, int, str]:
    """Return the highest grade that a twin reaches, how many of its accounts it concerns, and the explanations that hold."""
    log = Log(Random(f"{twin.__name__}:{seed}"))
    twin(log)
    log.write(work / "twin")
    steps = tuple(step for step in STEPS if step.name != "report")
    limits = Limits(memory_bytes=1_500_000_000, threads=2)
    run_case([str(background), str(work / "twin")], work / "case", IngestOptions(), limits, Silent(), steps=steps)
    case = open_case(work / "case")
    accused = [row for row in read_rows(case, "accounts") if row["campaign_id"] and row["account_id"] in log.accounts]
    grades = sorted({row["grade"] for row in accused}, key=("weak", "moderate", "strong").index)
    held = {row["explanation"] for row in read_rows(case, "explained_groups", ["explanation"])}
    return grades[-1] if grades else "none", len(accused), "; ".join(sorted(held))


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1, help="seed of twins and background")
    parser.add_argument("--only", action="append", help="twin whose name contains this; repeat for more")
    options = parser.parse_args()
    chosen = [twin for twin in TWINS if not options.only or any(part in twin.__name__ for part in options.only)]
    n_accused = 0
    with tempfile.TemporaryDirectory(prefix="twins-") as folder:
        background = Path(folder) / "background"
        simulate("benign", background, seed=options.seed, formats=("litellm_spendlogs",), scale=0.7)
        for twin in chosen:
            work = Path(folder) / twin.__name__
            grade, n, held = examine(twin, options.seed, background / "logs", work)
            shutil.rmtree(work)
            n_accused += grade in {"moderate", "strong"}
            print(f"{twin.__name__:24} {grade:9} {n:4} accounts  explained in this log: {held}", flush=True)
    print(f"{n_accused} of {len(chosen)} twins are accused at moderate or better")
    sys.exit(1 if n_accused else 0)


if __name__ == "__main__":
    main()
