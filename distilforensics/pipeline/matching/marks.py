"""What a group of accounts leaves in a log that another log can hold as well: values, how many members hold each, and how rare it is elsewhere."""

from __future__ import annotations

import hashlib
import hmac
import importlib.resources
import math
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from distilforensics.case.engines.duckdb import connect
from distilforensics.core.errors import UsageError
from distilforensics.core.text import show

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date
    from pathlib import Path

    import duckdb

    from distilforensics.case.engines.duckdb import Limits
    from distilforensics.case.layout import Case

KINDS = {
    "frame": "the same frame around the tasks",
    "passage": "the same passage inside of the texts",
    "prompt": "the same tasks, word for word",
    "program": "the same client program",
    "parameters": "the same parameters of calls",
    "payment": "the same payment method",
    "reasoning": "reasoning of one conversation, which a model had signed",
}
"""Kinds of values, in the words in which a match is told."""

SETS = frozenset({"prompt", "payment", "reasoning"})
"""Kinds of which every member has values of its own: what counts is how many of them are in common."""

MIN_TEXT_CHARS = 48
"""Characters of a whole prompt that is written, as many as the edge of a frame has: shorter ones could be guessed and tried with the key."""

MIN_ACCOUNTS, MIN_SHARE = 3, 0.2
"""Members of a group that must hold a value before it is a mark of the group: as many accounts, and this share of them."""

MIN_CALL_SHARE = 0.1
"""Of the calls that carry the pattern of a group: a frame stands around all tasks, the wording of one task in a few of them."""

MAX_VALUES = 4096
"""Values of one kind that are written for a group: those with the smallest hashes, so that both sides choose the same ones."""

MIN_KEY_CHARS = 32
"""As many hexadecimal digits are 128 bits, which nobody tries out."""

MIN_PAYMENT_BITS = 64
"""A number of a card has at most 63 and could be tried."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One value of a group."""

    share: float
    """Of the members, 0 to 1."""
    rarity: float
    """Bits: log2 of one over the share of other accounts of the log that hold it."""


@dataclass(frozen=True, slots=True)
class Group:
    """A campaign, or accounts that may be one operator's own."""

    name: str
    grade: str
    n_accounts: int
    first_day: date | None
    last_day: date | None
    marks: dict[str, dict[str, Mark]] = field(default_factory=dict)
    """Kind to keyed hash to mark."""
    is_cut: frozenset[str] = frozenset()
    """Kinds of which only the smallest hashes are written."""

    @property
    def is_campaign(self) -> bool:
        """Whether it has a grade of a campaign."""
        return self.grade in {"strong", "moderate", "weak"}


class Key:
    """The secret that both sides agreed on."""

    def __init__(self, path: Path) -> None:
        """Read the first line of a file.

        Raises:
            UsageError: it is too short or too simple to be a secret.
        """
        secret = path.read_bytes().split(b"\n")[0].strip()
        if len(secret) < MIN_KEY_CHARS or len(set(secret)) < MIN_KEY_CHARS // 4:
            raise UsageError(
                f"a key of {len(secret)} characters can be guessed, expected {MIN_KEY_CHARS} random ones at least",
                where=show(str(path)),
                hint="make one with: openssl rand -hex 32",
            )
        self._key = hmac.digest(secret, b"fingerprints of groups, version 1", "sha256")
        self.check = self.hashed("key", "check")
        """Tells whether two files were made with one key."""

    def hashed(self, kind: str, value: str) -> str:
        """Return 32 hexadecimal digits that stand for a value."""
        return hmac.digest(self._key, f"{kind}\0{value}".encode("utf-8", "surrogatepass"), hashlib.sha256).hex()[:32]


def groups_of(case: Case, key: Key, limits: Limits) -> list[Group]:
    """Return the groups of a case with their marks.

    Raises:
        CaseError: a stage that the answer needs has not run.
    """
    with connect(case, limits=limits, tables=_TABLES) as connection:
        connection.execute(f"create temp view members as {_query('members')}")
        found = [Group(*row) for row in connection.execute(_query("groups")).fetchall()]
        connection.execute(f"create temp table own_calls as {_query('own_calls')}")
        _hold(connection, "held_by_members", "own_calls")
        _hold(connection, "held", "exchange_features", "semi join held_by_members using (kind, value)")
        floors = {"min_accounts": MIN_ACCOUNTS, "min_share": MIN_SHARE, "min_call_share": MIN_CALL_SHARE}
        rows = connection.execute(_query("shares"), floors).fetchall()
    marks: dict[str, dict[str, dict[str, Mark]]] = {}
    for name, kind, value, n_inside, n_members, n_outside, n_others in rows:
        if kind != "payment" or cannot_be_guessed(value):
            rarity = math.log2((n_others + 2) / (n_outside + 1))
            mark = Mark(round(n_inside / n_members, 2), round(rarity, 1))
            marks.setdefault(name, {}).setdefault(kind, {})[key.hashed(kind, value)] = mark
    return [_with_marks(group, marks.get(group.name, {})) for group in found]


def accounts_with(
    case: Case, key: Key, wanted: Mapping[str, Iterable[str]], limits: Limits
) -> tuple[dict[tuple[str, str], list[str]], int]:
    """Return the accounts of a case that hold wanted values, by kind and keyed hash, and the number of all accounts.

    Raises:
        CaseError: a stage that the answer needs has not run.
    """
    digests = {kind: frozenset(values) for kind, values in wanted.items()}
    with connect(case, limits=limits, tables=_TABLES) as connection:
        _hold(connection, "held", "exchange_features")
        values = connection.execute("select distinct kind, value from held")
        known = {(kind, value): key.hashed(kind, value) for kind, value in _fetched(values) if kind in digests}
        found = {pair: digest for pair, digest in known.items() if digest in digests[pair[0]]}
        rows = connection.execute(
            "select kind, value, list(account_id order by account_id) from held"
            " where (kind, value) in (select unnest($kinds::varchar[]), unnest($values::varchar[])) group by kind, value",
            {"kinds": [kind for kind, _ in found], "values": [value for _, value in found]},
        ).fetchall()
        counted = connection.execute("select count(*) from accounts").fetchone()
    holders = {(kind, found[kind, value]): accounts for kind, value, accounts in rows if (kind, value) in found}
    return holders, int(counted[0]) if counted else 0


def cannot_be_guessed(value: str) -> bool:
    """Return whether the longest run of letters and digits of an identifier is long and mixed enough that nobody finds it by trying."""
    run = max(re.findall(r"[0-9A-Za-z]+", value), key=len, default="")
    if not re.search(r"\d", run):
        return False
    alphabet = 10 if run.isdigit() else 16 if re.fullmatch(r"[0-9a-fA-F]+", run) else 36
    counts = Counter(run.lower())
    observed = -sum(n / len(run) * math.log2(n / len(run)) for n in counts.values())
    return len(run) * math.log2(alphabet) >= MIN_PAYMENT_BITS and observed >= 2


def _with_marks(group: Group, marks: dict[str, dict[str, Mark]]) -> Group:
    kept = {kind: dict(sorted(values.items())[:MAX_VALUES]) for kind, values in sorted(marks.items())}
    is_cut = frozenset(kind for kind, values in marks.items() if len(values) > MAX_VALUES)
    return Group(group.name, group.grade, group.n_accounts, group.first_day, group.last_day, kept, is_cut)


def _query(name: str) -> str:
    return (importlib.resources.files(__package__) / f"{name}.sql").read_text(encoding="utf-8")


def _hold(connection: duckdb.DuckDBPyConnection, name: str, calls: str, narrowed: str = "") -> None:
    """Keep what the accounts of some calls hold; hashes of a case without texts are under a secret of its own and compare with nothing."""
    kept = connection.execute("select count(*) from exchanges where text_fingerprints is not null").fetchone()
    connection.execute(f"create or replace temp view chosen_calls as select record_id from {calls}")
    connection.execute(
        f"create temp table {name} as select * from ({_query('held')}) {narrowed}",
        {"has_texts": not (kept and kept[0]), "min_text_chars": MIN_TEXT_CHARS},
    )


def _fetched(result: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, str]]:
    while rows := result.fetchmany(_BATCH_ROWS):
        yield from rows


_BATCH_ROWS = 10_000
_TABLES = (
    "exchanges", "exchange_features", "fingerprints", "accounts", "account_profiles", "campaigns", "explained_groups",
    "template_exchanges", "reasoning_uses",
)  # fmt: skip
