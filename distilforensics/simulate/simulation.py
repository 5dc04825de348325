"""Runs a scenario and writes a folder of labelled logs: `logs/`, `labels.csv` and `scenario.json`."""

from __future__ import annotations

import csv
import dataclasses
import heapq
import json
import shutil
import tempfile
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import distilforensics
from distilforensics.core.errors import UsageError
from distilforensics.core.text import shown
from distilforensics.simulate.builders import World, build_everybody
from distilforensics.simulate.corpus import HUMAN, Corpus, Deck, read_corpus
from distilforensics.simulate.exchange import DAY, HOUR, Account
from distilforensics.simulate.identities import Identities
from distilforensics.simulate.scenarios import SCENARIOS, ScenarioParameters
from distilforensics.simulate.serving import Reliability, Service
from distilforensics.simulate.writers import WRITERS
from distilforensics.simulate.writers.files import COMPRESSIONS
from distilforensics.simulate.writers.rendering import iso_seconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from distilforensics.simulate.builders.world import Actor
    from distilforensics.simulate.corpus import Text
    from distilforensics.simulate.exchange import Exchange

OUTPUTS = frozenset({"logs", "labels.csv", "scenario.json"})
"""Everything that a simulation writes into its folder."""

LABEL_COLUMNS = ("account_id", "campaign_id", "role", "n_campaign_exchanges")
DIRECTORY_COLUMNS = (
    "account_id",
    "created_at",
    "payment_fingerprint",
    "email_domain",
    "plan",
    "tenant_id",
    "organization",
)


@dataclass(frozen=True, slots=True)
class SimulationSummary:
    """What was written."""

    out: Path
    scenario: str
    seed: int
    files: tuple[str, ...]
    """Paths relative to `out`, sorted."""
    n_exchanges: int
    n_accounts: int
    """Accounts with at least one exchange."""
    exchanges_by_format: dict[str, int]
    other_lines_by_format: dict[str, int]
    """Valid lines that are no model exchange, such as health checks in the log of a web server."""
    exchanges_by_role: dict[str, int]
    accounts_by_role: dict[str, int]


def simulate(
    scenario: str | ScenarioParameters,
    out: Path,
    *,
    seed: int,
    formats: Sequence[str] | None = None,
    scale: float = 1.0,
    days: int | None = None,
    answer_length: float = 1.0,
    compression: str | Mapping[str, str] = "none",
    texts: Path | None = None,
    families: Sequence[str] | None = None,
    force: bool = False,
) -> SimulationSummary:
    """Write the labelled logs of a scenario and return what was written.

    Args:
        scenario: Name of one of `SCENARIOS`, or own parameters.
        out: Folder to create.
        seed: Everything random depends on it; the same arguments give the same bytes.
        formats: Log formats; several partition the accounts. None takes those of the scenario.
        scale: Factor on the number of accounts.
        days: Length in days; None takes that of the scenario.
        answer_length: Factor on the length of the answers.
        compression: none, gz or zst for all formats that do not fix it, or one of these by format.
        texts: Folder with real prompts, see `corpus`; None invents all.
        families: Families of these texts to take; None takes all.
        force: Replace an earlier simulation in `out`; any other folder with content is refused.

    Raises:
        UsageError: If an argument is unknown or `out` must not be replaced.
    """
    if not 0 < scale < float("inf"):
        raise UsageError(f"scale is {shown(scale)}, expected a number above 0", where="simulate")
    parameters = _resolve(scenario, formats, days)
    settings = _Settings(
        seed,
        scale,
        answer_length,
        _compressions(compression, parameters.formats),
        None if families is None else tuple(sorted(families)),
    )
    if families is not None and texts is None:
        raise UsageError("families of texts need a folder of texts", where="simulate")
    corpus = Corpus() if texts is None else read_corpus(texts, families)
    _check_target(out, force)
    out.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=".simulate-", dir=out.parent))
    try:
        work.chmod(0o755)
        summary = _write(parameters, settings, corpus, work, out)
        if out.exists():
            shutil.rmtree(out)
        work.replace(out)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return summary


@dataclass(frozen=True, slots=True)
class _Settings:
    """What the caller chose beside the scenario; written to `scenario.json`."""

    seed: int
    scale: float
    answer_length: float
    compression: dict[str, str]
    families: tuple[str, ...] | None


def _compressions(chosen: str | Mapping[str, str], formats: Sequence[str]) -> dict[str, str]:
    by_format = {name: chosen if isinstance(chosen, str) else chosen.get(name, "none") for name in formats}
    unknown = sorted({*by_format.values()} - {*COMPRESSIONS})
    if unknown:
        raise UsageError(
            f"compression is {shown(unknown[0])}, expected one of {', '.join(COMPRESSIONS)}", where="simulate"
        )
    return by_format


def _resolve(scenario: str | ScenarioParameters, formats: Sequence[str] | None, days: int | None) -> ScenarioParameters:
    if isinstance(scenario, str):
        if scenario not in SCENARIOS:
            raise UsageError(
                f"scenario {shown(scenario)} is unknown, expected one of {', '.join(SCENARIOS)}", where="simulate"
            )
        scenario = SCENARIOS[scenario]
    if formats is not None:
        unknown = [name for name in formats if name not in WRITERS]
        if unknown or not formats or len(set(formats)) < len(formats):
            raise UsageError(
                f"formats are {shown(', '.join(formats))}, expected one or more different ones of {', '.join(WRITERS)}",
                where="simulate",
            )
        scenario = dataclasses.replace(scenario, formats=tuple(formats))
    if days is not None:
        if days < 1:
            raise UsageError(f"days is {shown(days)}, expected at least 1", where="simulate")
        scenario = scenario.lasting(days)
    return scenario


def _check_target(out: Path, force: bool) -> None:  # noqa: FBT001
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not out.is_dir() or {entry.name for entry in out.iterdir()} != OUTPUTS:
        raise UsageError(
            "the folder holds something other than a simulation, expected a new or empty folder", where=str(out)
        )
    if not force:
        raise UsageError(
            "the folder holds a simulation already",
            where=str(out),
            hint="choose another --out, or --force to replace it",
        )


def _write(
    parameters: ScenarioParameters, settings: _Settings, corpus: Corpus, work: Path, out: Path
) -> SimulationSummary:
    parameters = parameters.varied(Identities(settings.seed).rng("sizes"))
    start = int(datetime.fromisoformat(parameters.start).replace(tzinfo=UTC).timestamp()) * 1_000_000
    asked, passed_on = _dealt(corpus, settings.seed)
    world = World(
        identities=Identities(settings.seed),
        formats=parameters.formats,
        scale=settings.scale,
        start=start,
        days=parameters.days,
        released_at=start + parameters.released_day * DAY + int(parameters.released_hour_utc * HOUR),
        answer_length=settings.answer_length,
        service=Service(Reliability()),
        corpus=corpus,
        asked=Deck(asked, f"{settings.seed}/asked"),
        passed_on=Deck(passed_on, f"{settings.seed}/passed on"),
    )
    accounts, actors = build_everybody(world, parameters)
    counts = _write_logs(world, actors, work / "logs", settings.compression)
    _write_directory(accounts, work / "logs" / "accounts.csv")
    seen = [account for account in accounts if counts.by_account[account.account_id]]
    _write_labels(seen, counts.of_campaign, work / "labels.csv")
    summary = SimulationSummary(
        out=out,
        scenario=parameters.name,
        seed=settings.seed,
        files=tuple(sorted({*_files(work), "scenario.json"})),
        n_exchanges=sum(counts.by_account.values()),
        n_accounts=len(seen),
        exchanges_by_format=dict(sorted(counts.by_format.items())),
        other_lines_by_format=dict(sorted(counts.other_lines.items())),
        exchanges_by_role=dict(sorted(counts.by_role.items())),
        accounts_by_role=dict(sorted(Counter(account.role for account in seen).items())),
    )
    _write_description(parameters, settings, corpus, summary, len(accounts), work / "scenario.json")
    return summary


def _dealt(corpus: Corpus, seed: int) -> tuple[list[Text], list[Text]]:
    """Return the questions of people, divided among ordinary customers and the customers of resellers and pools."""
    questions = corpus.texts(HUMAN)
    Random(f"{seed}/questions").shuffle(questions)
    return questions[: len(questions) // 2], questions[len(questions) // 2 :]


def _files(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]


@dataclass(slots=True)
class _Counts:
    by_account: Counter[str]
    by_format: Counter[str]
    by_role: Counter[str]
    of_campaign: Counter[str]
    other_lines: Counter[str]


def _write_logs(world: World, actors: list[Actor], folder: Path, compression: dict[str, str]) -> _Counts:
    counts = _Counts(Counter(), Counter(), Counter(), Counter(), Counter())
    with ExitStack() as stack:
        writers = {}
        for name in world.formats:
            writers[name] = WRITERS[name](folder, compression[name], world.days, world.start)
            stack.callback(writers[name].close)
        for exchange in _in_order(world, actors):
            account = exchange.account
            token = world.identities.digest(f"exchange/{account.account_id}/{exchange.number}")
            writers[account.gateway].write(exchange, token)
            counts.by_account[account.account_id] += 1
            counts.by_format[account.gateway] += 1
            counts.by_role[account.role] += 1
            counts.of_campaign[account.account_id] += exchange.is_of_campaign
    counts.other_lines.update({name: writer.n_other_lines for name, writer in writers.items()})
    return counts


def _in_order(world: World, actors: list[Actor]) -> Iterator[Exchange]:
    merged = heapq.merge(*(actor.exchanges(world.start, world.days) for actor in actors))
    return takewhile(lambda exchange: exchange.started_at < world.end, merged)


def _write_directory(accounts: list[Account], path: Path) -> None:
    rows = (
        (
            account.account_id,
            iso_seconds(account.created_at),
            account.payment_fingerprint or "",
            account.email_domain,
            account.plan,
            account.tenant_id or "",
            account.organization or "",
        )
        for account in accounts
    )
    _write_csv(path, DIRECTORY_COLUMNS, rows)


def _write_labels(accounts: list[Account], of_campaign: Counter[str], path: Path) -> None:
    rows = (
        (account.account_id, account.campaign_id or "", account.role, str(of_campaign[account.account_id]))
        for account in accounts
    )
    _write_csv(path, LABEL_COLUMNS, rows)


def _write_csv(path: Path, columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("x", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def _write_description(
    parameters: ScenarioParameters,
    settings: _Settings,
    corpus: Corpus,
    summary: SimulationSummary,
    n_directory: int,
    path: Path,
) -> None:
    description = {
        "version": distilforensics.__version__,
        "settings": dataclasses.asdict(settings),
        "parameters": dataclasses.asdict(parameters),
        "texts": [{"file": name, "sha256": digest} for name, digest in corpus.digests],
        "counts": {
            "exchanges": summary.n_exchanges,
            "accounts": summary.n_accounts,
            "accounts_in_directory": n_directory,
            "exchanges_by_format": summary.exchanges_by_format,
            "other_lines_by_format": summary.other_lines_by_format,
            "exchanges_by_role": summary.exchanges_by_role,
            "accounts_by_role": summary.accounts_by_role,
        },
    }
    path.write_bytes(f"{json.dumps(description, indent=2, sort_keys=True)}\n".encode())
