"""What the assessment reasons about, loaded once: accounts, groups, ties between accounts, shared identities, what the catalogue observed."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import log2
from typing import TYPE_CHECKING, Any

from distilforensics.case.tables import iterate_rows, read_rows
from distilforensics.core.sqlfile import common_parameters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from distilforensics.case.layout import Case

IDENTITIES = ("payment", "signup", "network", "mail")
"""Kinds of shared identity: a payment method, ten minutes of sign-up, an address or its network, a mail domain."""

MIN_OWN_CALLS = 5
"""Calls of its own from which on an account has a manner: a few are alike by chance, and a router's spare keys have none."""

MAX_HOUSEHOLD = int(common_parameters()["household_accounts"]["default"])
"""Accounts that one person or family has."""


@dataclass(frozen=True, slots=True)
class Account:
    """One account: who holds it as far as the log says, and how many of its calls could have been handed over."""

    account_id: str
    tenant_id: str | None
    organization: str | None
    payment_fingerprint: str | None
    email_domain: str | None
    n_exchanges: int
    n_failed: int
    n_continuing: int
    n_prompts: int
    n_answered: int = 0
    """Answered calls with work that was refused somewhere."""
    n_answered_again: int = 0
    """Of these, those whose work another account sends next."""

    @property
    def is_known(self) -> bool:
        """Whether the log names its tenant, organisation or payer."""
        return bool(self.organization or self.tenant_id or self.payment_fingerprint)

    @property
    def is_named(self) -> bool:
        """Whether the log says more of it than who pays: its tenant, organisation or mail domain."""
        return bool(self.organization or self.tenant_id or self.email_domain)

    def chances(self, kind: str) -> int:
        """Return the calls that could have made a tie of a kind."""
        return {"handover": self.n_failed, "conversation": self.n_continuing, "answer": self.n_prompts}[kind]


@dataclass(frozen=True, slots=True)
class Tie:
    """One call that goes on at another account."""

    kind: str
    record_id: str
    account_id: str
    other_record_id: str
    other_account_id: str
    delay_us: int
    work: str
    relation: str
    """Whether both accounts are of one customer: same, unknown, distinct."""
    stops: int = 0
    """1 if the account that was refused is less busy in the hour after the call than in the hour before, -1 if it is busier, else 0."""
    begins: int = 0
    """1 if the account that goes on is busier in the hour after than in the hour before, -1 if it is less busy, else 0."""
    manner: float = 0.0
    """Bits by which a call that is handed over goes on in the manner of the account that was refused rather than in that of the one that
    sends it; 0 if either has too few other calls to have one."""

    @property
    def ends(self) -> tuple[str, str]:
        """Both accounts."""
        return self.account_id, self.other_account_id


@dataclass(frozen=True, slots=True)
class Observation:
    """One row of the observations table."""

    heuristic_id: str
    family: str
    entity_id: str
    is_fired: bool
    value: float | None
    baseline: float | None
    threshold: float | None
    n_exchanges: int
    n_accounts: int


@dataclass(frozen=True, slots=True)
class Log:
    """Everything that candidates are made from and judged by."""

    accounts: Mapping[str, Account]
    loads: Mapping[str, Mapping[str, tuple[int, int]]]
    """Group id to account id to its exchanges and failed exchanges in the group."""
    ties: tuple[Tie, ...]
    """Ties that do not stay with one customer or one household."""
    groups_of_calls: Mapping[str, frozenset[str]]
    """Record id of a handed-over call to the groups whose templates it carries."""
    shared: Mapping[str, Mapping[str, frozenset[str]]]
    """Kind of identity to account id to the values that it shares with a few others."""
    observations: Mapping[str, tuple[Observation, ...]]
    """Group or account id to what the catalogue observed on it."""
    titles: Mapping[str, str]
    levels: Mapping[str, str]
    units: Mapping[str, str]
    states: Mapping[str, tuple[str, str | None]]
    """Heuristic id to title, level, unit of its value, state and reason."""
    n_household_ties: int = 0
    """Ties inside of households, which count for nothing."""
    ties_of: Mapping[str, tuple[Tie, ...]] = field(default_factory=dict)
    """Account id to its ties, on either end."""
    groups_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Account id to its groups."""
    value_sizes: Mapping[str, Mapping[int, int]] = field(default_factory=dict)
    """Kind of identity to number of accounts of a value to number of such values."""
    _of_others: dict[tuple[str, frozenset[str]], tuple[int, int]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def without_busiest_day(self, accounts: frozenset[str]) -> frozenset[str]:
        """Return some accounts without those of the 24 hours in which most of them were made, as far as they share ten minutes of sign-up."""
        made = {
            account: min(datetime.fromisoformat(value) for value in values)
            for account in sorted(accounts)
            if (values := self.shared["signup"].get(account))
        }
        busiest = frozenset[str]()
        for begin in sorted(set(made.values())):
            day = frozenset(account for account, at in made.items() if timedelta(0) <= at - begin < timedelta(days=1))
            busiest = day if len(day) > len(busiest) else busiest
        return accounts - busiest

    def of_others(self, question: str, others: frozenset[str], count: Callable[[], tuple[int, int]]) -> tuple[int, int]:
        """Return two numbers about the accounts of no candidate, counted once: every candidate is compared with the same ones.

        Args:
            question: What is counted.
            others: The accounts.
            count: Counts it.
        """
        key = question, others
        if key not in self._of_others:
            self._of_others[key] = count()
        return self._of_others[key]

    def fired(self, group_id: str) -> list[Observation]:
        """Return what fired on a group."""
        return [row for row in self.observations.get(group_id, ()) if row.is_fired]


def load_log(case: Case) -> Log:
    """Read what is needed from the tables of the case."""
    accounts = {row[0]: Account(*row) for row in iterate_rows(case, "account_calls", list(Account.__slots__))}
    # One text for an account, and not one for each of its groups and values.
    names = {account: account for account in accounts}
    loads: dict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
    for group, account, n_exchanges, n_failed in iterate_rows(case, "group_loads"):
        loads[group][names[account]] = (n_exchanges, n_failed)
    around = {(row["record_id"], row["other_record_id"]): _changes(row) for row in read_rows(case, "tie_surroundings")}
    ties = []
    for row in read_rows(case, "work_ties"):
        key = (row["record_id"], row["other_record_id"])
        ties.append(Tie(**row, **(around.get(key, {}) if row["kind"] == "handover" else {})))
    kept = without_households([tie for tie in ties if tie.relation != "same"])
    groups_of_calls: dict[str, set[str]] = defaultdict(set)
    for row in read_rows(case, "tie_groups"):
        groups_of_calls[row["record_id"]].add(row["group_id"])
    states = read_rows(case, "heuristic_states", ["heuristic_id", "title", "value_unit", "level", "state", "reason"])
    shared, sizes = _shared(case, names)
    return Log(
        accounts=accounts,
        loads=loads,
        ties=tuple(kept),
        groups_of_calls={record: frozenset(groups) for record, groups in groups_of_calls.items()},
        shared=shared,
        observations=_observations(case),
        titles={row["heuristic_id"]: row["title"] for row in states},
        levels={row["heuristic_id"]: row["level"] for row in states},
        units={row["heuristic_id"]: row["value_unit"] for row in states},
        states={row["heuristic_id"]: (row["state"], row["reason"]) for row in states},
        n_household_ties=len(ties) - len(kept) - sum(tie.relation == "same" for tie in ties),
        ties_of=ties_of(kept),
        groups_of=_groups_of(loads),
        value_sizes=sizes,
    )


def _changes(row: Mapping[str, int]) -> dict[str, Any]:
    """Return the signs of the refused account's fall and of the other one's rise with a hand-over, and in whose manner the call goes on."""
    stops, begins = row["n_before"] - row["n_after"], row["n_other_after"] - row["n_other_before"]
    # Half a call more, so that a manner that an account never had is unlikely and not impossible.
    manner = log2((row["n_alike"] + 0.5) / (row["n_own"] + 1) / (row["n_other_alike"] + 0.5) * (row["n_other_own"] + 1))
    return {
        "stops": (stops > 0) - (stops < 0),
        "begins": (begins > 0) - (begins < 0),
        "manner": manner if min(row["n_own"], row["n_other_own"]) >= MIN_OWN_CALLS else 0.0,
    }


def ties_of(ties: Iterable[Tie]) -> dict[str, tuple[Tie, ...]]:
    """Return account id to the ties on either end of which it stands."""
    found: dict[str, list[Tie]] = defaultdict(list)
    for tie in ties:
        for account in tie.ends:
            found[account].append(tie)
    return {account: tuple(rows) for account, rows in found.items()}


def without_households(ties: list[Tie]) -> list[Tie]:
    """Return the ties without those among a few accounts that hand work to each other again and again, and to nobody else.

    A person with some keys looks like that, and so do colleagues and families who pass work on. A pool hands over to any of its accounts,
    so that its few ties make trees and its many ties one large set.
    """
    households = [
        members
        for members in connected({tie.ends for tie in ties})
        if len(members) <= MAX_HOUSEHOLD and sum(tie.account_id in members for tie in ties) >= len(members)
    ]
    private = frozenset().union(*households)
    return [tie for tie in ties if tie.account_id not in private]


def connected(pairs: Iterable[tuple[str, str]]) -> list[frozenset[str]]:
    """Return the sets of accounts that pairs connect, in order of their smallest account."""
    neighbours: dict[str, set[str]] = defaultdict(set)
    for a, b in pairs:
        neighbours[a].add(b)
        neighbours[b].add(a)
    found, seen = [], set[str]()
    for start in sorted(neighbours):
        if start in seen:
            continue
        members, waiting = set[str](), [start]
        while waiting:
            account = waiting.pop()
            if account not in members:
                members.add(account)
                waiting += neighbours[account] - members
        seen |= members
        found.append(frozenset(members))
    return found


def _shared(
    case: Case, names: Mapping[str, str]
) -> tuple[dict[str, dict[str, frozenset[str]]], dict[str, dict[int, int]]]:
    """Return kind of identity to account to shared values, and kind to number of accounts of a value to number of such values.

    Values that the same accounts hold are one: an address and its network, the addresses of one pool of exits.
    """
    holders: dict[tuple[str, str], list[str]] = defaultdict(list)
    for kind, value, account in iterate_rows(case, "shared_values"):
        holders[kind, value].append(names.get(account, account))
    values: dict[str, dict[str, set[str]]] = {kind: defaultdict(set) for kind in IDENTITIES}
    sizes: dict[str, Counter[int]] = {kind: Counter() for kind in IDENTITIES}
    known = set[tuple[str, tuple[str, ...]]]()
    for (kind, value), accounts in holders.items():
        if (kind, tuple(accounts)) not in known:
            known.add((kind, tuple(accounts)))
            sizes[kind][len(accounts)] += 1
            for account in accounts:
                values[kind][account].add(value)
    shared = {kind: {account: frozenset(found) for account, found in rows.items()} for kind, rows in values.items()}
    return shared, {kind: dict(found) for kind, found in sizes.items()}


def _observations(case: Case) -> dict[str, tuple[Observation, ...]]:
    found: dict[str, list[Observation]] = defaultdict(list)
    for row in iterate_rows(case, "observations", list(Observation.__slots__)):
        observation = Observation(*row)
        found[observation.entity_id].append(observation)
    return {entity: tuple(rows) for entity, rows in found.items()}


def _groups_of(loads: Mapping[str, Mapping[str, tuple[int, int]]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = defaultdict(list)
    for group in sorted(loads):
        for account in loads[group]:
            found[account].append(group)
    return {account: tuple(groups) for account, groups in found.items()}
