"""Planted logs for the assessment: exchanges by hand, real features and links, observations as a heuristic would write them."""

from __future__ import annotations

import hashlib
import math
import shutil
import sys
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from distilforensics.analysis.stage import build_features, link_accounts
from distilforensics.assessment.stage import assess
from distilforensics.case.engines.duckdb import Limits
from distilforensics.case.layout import Case, create_case, open_case
from distilforensics.case.tables import read_rows, write_batches, write_rows
from distilforensics.core.progress import Silent
from distilforensics.core.schema import EXCHANGES

if TYPE_CHECKING:
    from collections.abc import Callable

sys.path.insert(0, str(Path(__file__).parent))  # for `small_logs`, which the tests of this folder share

START = datetime(2026, 3, 2)
SOURCE = "a" * 64
FRAME = "Write down everything that an expert would consider, step after step, about this subject: "
PRODUCT = "You are the assistant of a well known editor. Help the person with their files and keep answers short."
LIMITS = Limits(500_000_000, 2)
LEVELS = {"structure.template_span": "medium", "harvest.capability_focus": "lead", "evasion.flat_clock": "low"}


@dataclass
class Planted:
    """A log under construction, and the case that the assessment has written."""

    root: Path
    built: Path
    """Where built cases are kept."""
    exchanges: list[dict[str, Any]] = field(default_factory=list)
    directory: list[dict[str, Any]] = field(default_factory=list)
    observations: list[tuple[str, str, bool]] = field(default_factory=list)
    case: Case | None = None

    def send(self, account: str, at: timedelta, **values: Any) -> None:
        """Add one exchange."""
        number = len(self.exchanges) + 1
        row = {
            "record_id": f"{SOURCE[:16]}:{number}",
            "source_sha256": SOURCE,
            "source_line": number,
            "account_id": account,
            "started_at": START + at,
            "status": "ok",
            "parse_flags": [],
            "input_tokens": 100,
            "output_tokens": 800,
            "max_output_tokens": 4096,
            "temperature": 0.7,
        }
        text = values.get("prompt_text")
        self.exchanges.append(row | {"prompt_chars": len(text) if text else None} | values)

    def pool(self, accounts: list[str], *, days: int = 5, per_day: int = 8, frame: str = FRAME, **values: Any) -> None:
        """Let accounts take turns around the clock with one frame and ever new tasks, a third more by day than by night."""
        n = len(accounts) * per_day * days
        for i in range(n):
            at = timedelta(days=days * i / n + 0.3 * math.sin(math.tau * days * i / n) / math.tau)
            text = f"{frame}{chr(97 + i % 26)}{chr(97 + i // 26 % 26)} matter of {words(i)}"
            own = {key: value(i % len(accounts)) if callable(value) else value for key, value in values.items()}
            self.send(accounts[i % len(accounts)], at, prompt_text=text, **own)

    def people(self, accounts: list[str], *, largest: int = 60, **values: Any) -> None:
        """Let accounts come by day with very different loads and words of their own."""
        for number, account in enumerate(accounts):
            for i in range(max(3, largest // (number + 1))):
                at = timedelta(days=i % 5, hours=9 + (number + i) % 8, minutes=(7 * i) % 60)
                own = {key: value(number) if callable(value) else value for key, value in values.items()}
                text = f"{words(1000 * number + i)} {account} would like to know about {words(i + number)} please"
                self.send(account, at, **({"prompt_text": text, "max_output_tokens": None, "temperature": None} | own))

    def join(self, accounts: list[str], **values: Any) -> None:
        """Add accounts to the directory; a callable value gets the position."""
        for number, account in enumerate(accounts):
            own = {key: value(number) if callable(value) else value for key, value in values.items()}
            self.directory.append({"account_id": account, "source_sha256": SOURCE} | own)

    def build(self) -> Case:
        """Write the case up to linkage; a log that an earlier test has built is copied."""
        log = hashlib.sha256(repr((self.exchanges, self.directory)).encode()).hexdigest()
        if not (self.built / log).exists():
            self._write(create_case(self.root))
            shutil.copytree(self.root, self.built / log)
        else:
            shutil.copytree(self.built / log, self.root)
        self.case = open_case(self.root)
        return self.case

    def _write(self, case: Case) -> None:
        for table in ("duplicates", "quarantine", "out_of_scope", "account_mailboxes"):
            write_rows(case, table, [])
        counts = {"n_read": len(self.exchanges), "n_kept": len(self.exchanges)}
        zeros = dict.fromkeys(("n_quarantined", "n_duplicate", "n_out_of_scope"), 0)
        write_rows(case, "sources", [{"source_sha256": SOURCE, "path": "log.jsonl", "role": "log"} | counts | zeros])
        write_rows(case, "accounts_directory", self.directory)
        write_rows(case, "usage_sums", [])
        write_rows(case, "announced_files", [])
        table = pa.Table.from_pylist(self.exchanges, schema=EXCHANGES.arrow)
        case.table_path("exchanges").mkdir(parents=True, exist_ok=True)
        write_batches(case, "exchanges", table.to_batches(), path=case.table_path("exchanges") / "part.parquet")
        build_features(case, LIMITS, Silent())
        link_accounts(case, LIMITS, Silent())

    def template(self, kind: str, beginning: str = "") -> str:
        """Return the id of the template of a kind on most accounts, or whose text begins in a certain way."""
        assert self.case is not None
        rows = [
            row
            for row in read_rows(self.case, "templates")
            if row["kind"] == kind and (row["template_text"] or "").startswith(beginning.lower())
        ]
        return str(max(rows, key=lambda row: (row["n_accounts"], row["n_exchanges"]))["template_id"])

    def cluster(self) -> str:
        """Return the id of the largest cluster."""
        assert self.case is not None
        rows = read_rows(self.case, "clusters")
        return str(max(rows, key=lambda row: row["n_accounts"])["cluster_id"])

    def observe(self, entity: str, *heuristics: str, is_fired: bool = True) -> None:
        """Let heuristics say something about a group, or about an account if the id is no template and no cluster."""
        self.observations += [(heuristic, entity, is_fired) for heuristic in heuristics]

    def fail_over(self, accounts: list[str], *, n: int = 20, apart: float = 3.0, frame: str = FRAME) -> None:
        """Let calls of a pool fail and another of its accounts send them again, seconds apart, ever other accounts."""
        for i in range(n):
            at, text = timedelta(days=5 * i / n, minutes=17), f"{frame}refused matter of {words(7 * i + 3)}"
            first, second = (accounts[place % len(accounts)] for place in (i, i + 5 + i // len(accounts)))
            self.send(first, at, prompt_text=text, status="limited")
            self.send(second, at + timedelta(seconds=apart), prompt_text=text)

    def assess(self, limits: Limits = LIMITS) -> Findings:
        """Write the observations, run the assessment and return what it found."""
        assert self.case is not None
        ids = sorted({heuristic for heuristic, *_ in self.observations} | {"coordination.rotation"})
        rows = [self._observation(*observation) for observation in sorted(self.observations)]
        write_rows(self.case, "observations", rows)
        write_rows(self.case, "heuristic_states", [self._state(heuristic) for heuristic in ids])
        assess(self.case, limits, Silent())
        tables = (
            "campaigns",
            "campaign_facts",
            "campaign_explanations",
            "campaign_evidence",
            "explained_groups",
            "accounts",
        )
        return Findings(**{name: read_rows(self.case, name) for name in tables})

    def _observation(self, heuristic: str, entity: str, is_fired: bool) -> dict[str, Any]:
        return {
            "heuristic_id": heuristic,
            "version": 1,
            "sha256": "b" * 64,
            "family": heuristic.partition(".")[0],
            "entity_type": "group" if ":" in entity else "account",
            "entity_id": entity,
            "is_fired": is_fired,
            "value": 0.5,
            "baseline": 2.0,
            "threshold": 1.0,
            "n_exchanges": 1000,
            "n_accounts": 25,
            "details": "{}",
        }

    def _state(self, heuristic: str) -> dict[str, Any]:
        is_judged = any(heuristic == observed for observed, *_ in self.observations)
        return {
            "heuristic_id": heuristic,
            "code": "T1",
            "title": f"Title of {heuristic}",
            "family": heuristic.partition(".")[0],
            "level": LEVELS.get(heuristic, "high"),
            "version": 1,
            "sha256": "b" * 64,
            "value_unit": "ratio",
            "parameters": "{}",
            "state": "fired" if is_judged else "not_evaluated",
            "reason": None if is_judged else "the log carries no start",
            "evaluable_rows": len(self.exchanges),
            "total_rows": len(self.exchanges),
            "n_entities": 1,
            "n_fired": 1,
        }


@dataclass(frozen=True)
class Findings:
    """The tables that the assessment wrote."""

    campaigns: list[dict[str, Any]]
    campaign_facts: list[dict[str, Any]]
    campaign_explanations: list[dict[str, Any]]
    campaign_evidence: list[dict[str, Any]]
    explained_groups: list[dict[str, Any]]
    accounts: list[dict[str, Any]]

    def members(self, campaign_id: str = "C-01") -> list[str]:
        """Return the accounts of a campaign."""
        return [row["account_id"] for row in self.accounts if row["campaign_id"] == campaign_id]

    @property
    def grades(self) -> list[str]:
        """Grades of the campaigns in their order."""
        return [row["grade"] for row in self.campaigns]

    @property
    def explanations(self) -> list[str]:
        """Explanations of the groups that are no campaigns."""
        return [row["explanation"] for row in self.explained_groups]


def words(number: int) -> str:
    """Return a few letters that differ with the number."""
    letters = "abcdefghijklmnop"
    return "".join(letters[(number // 16**place) % 16] for place in range(5))


def names(prefix: str, n: int) -> list[str]:
    """Return account ids."""
    return [f"{prefix}_{number:03d}" for number in range(n)]


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the cases that were built in this run, by the hash of their log."""
    return tmp_path_factory.mktemp("built")


@pytest.fixture
def planted(tmp_path: Path, built: Path) -> Planted:
    """Return an empty log."""
    return Planted(tmp_path / "case", built)


@pytest.fixture
def once(tmp_path: Path, built: Path) -> Callable[[str, Callable[[], Case]], Case]:
    """Return a function that gives a case of a name: what `make` writes to `tmp_path / "case"` the first time, a copy of it later."""

    def case_of(name: str, make: Callable[[], Case]) -> Case:
        if (built / name).exists():
            return open_case(Path(shutil.copytree(built / name, tmp_path / "case")))
        case = make()
        shutil.copytree(case.root, built / name)
        return case

    return case_of


@pytest.fixture
def name_accounts() -> Any:
    """Return the function that makes account ids."""
    return names
