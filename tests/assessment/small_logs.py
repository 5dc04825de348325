"""Small logs as the assessment sees them, made by hand: accounts, who hands work to whom, what is shared."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from distilforensics.assessment.log import IDENTITIES, Account, Log, Observation, Tie, ties_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def account(name: str, **values: Any) -> Account:
    """Return an account of a customer of its own with a hundred calls, two of them failed."""
    known = {
        "tenant_id": f"tenant_{name}",
        "organization": None,
        "payment_fingerprint": None,
        "email_domain": None,
        "n_exchanges": 100,
        "n_failed": 2,
        "n_continuing": 0,
        "n_prompts": 100,
    }
    return Account(name, **(known | values))


def tie(
    one: str,
    other: str,
    number: int,
    *,
    kind: str = "handover",
    relation: str = "distinct",
    stops: int = 0,
    begins: int = 0,
) -> Tie:
    """Return one call of an account that goes on at another."""
    return Tie(
        kind, f"r{number}", one, f"s{number}", other, 2_000_000, f"work {kind} {number}", relation, stops, begins
    )


def ring(accounts: list[str], n: int, *, first: int = 0, **values: Any) -> list[Tie]:
    """Return ties from account to account, each to another one than before."""
    size = len(accounts)
    return [
        tie(accounts[i % size], accounts[(i + 1 + i // size) % size], first + i, **values)
        for i in range(n)
        if i % size != (i + 1 + i // size) % size
    ]


def log(
    accounts: Iterable[Account],
    ties: Iterable[Tie] = (),
    loads: Mapping[str, Mapping[str, int]] | None = None,
    shared: Mapping[str, Mapping[str, Iterable[str]]] | None = None,
    fired: Mapping[str, Iterable[str]] | None = None,
    levels: Mapping[str, str] | None = None,
) -> Log:
    """Return a log.

    Args:
        accounts: Its accounts.
        ties: Calls that go on elsewhere; each carries all templates of its account.
        loads: Group to account to exchanges.
        shared: Kind of identity to value to accounts.
        fired: Group to heuristics that fired on it.
        levels: Heuristic to level; high if omitted.
    """
    known = {a.account_id: a for a in accounts}
    groups = {group: {name: (n, 2) for name, n in found.items()} for group, found in (loads or {}).items()}
    values: dict[str, dict[str, set[str]]] = {kind: {} for kind in IDENTITIES}
    sizes: dict[str, Counter[int]] = {kind: Counter() for kind in IDENTITIES}
    for kind, found in (shared or {}).items():
        for value, names in found.items():
            holders = list(names)
            sizes[kind][len(holders)] += 1
            for name in holders:
                values[kind].setdefault(name, set()).add(value)
    observations = {
        group: tuple(
            Observation(name, name.partition(".")[0], group, True, 0.5, 1.0, 0.8, 100, len(groups.get(group, {})))
            for name in names
        )
        for group, names in (fired or {}).items()
    }
    heuristics = {row.heuristic_id for rows in observations.values() for row in rows}
    ties = list(ties)
    groups_of = {name: tuple(sorted(g for g, found in groups.items() if name in found)) for name in known}
    return Log(
        accounts=known,
        loads=groups,
        ties=tuple(ties),
        groups_of_calls={t.record_id: frozenset(groups_of[t.account_id]) for t in ties},
        shared={kind: {name: frozenset(v) for name, v in found.items()} for kind, found in values.items()},
        observations=observations,
        titles={name: f"Title of {name}" for name in heuristics},
        levels={name: (levels or {}).get(name, "high") for name in heuristics},
        units=dict.fromkeys(heuristics, "ratio"),
        states={},
        ties_of=ties_of(ties),
        groups_of=groups_of,
        value_sizes=sizes,
    )


def renamed(found: Log, **values: Any) -> Log:
    """Return a log with some fields replaced."""
    return replace(found, **values)


def names(prefix: str, n: int) -> list[str]:
    """Return account ids."""
    return [f"{prefix}{number:03d}" for number in range(n)]
