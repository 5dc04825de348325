"""How far what fired here stands out from a reference population, with error control that holds whatever the shape of the scores.

Accounts that carry the same groups share their fate, so an account is no independent trial: of two logs with as many honest classes each,
one has the class that shows most, and all of its accounts with it. Accounts are ranked, and nothing is claimed of one. What is tested is
the *set*: groups on which something fired, merged where they consist of the same accounts, as seeds are merged into candidates. The score of a set is the
number of families, then of heuristics, that fired on it. It is computed in the same way for every set, accused or not, and nothing is
put into the reference or left out of it for its score: a reference of what the grades have cleared would make every accusation look rare.

The reference are benign periods of the same service that the examiner has named. Without any it is the rest of this log; then p cannot
fall below one over the number of sets, and after the correction for as many tests nothing can be claimed.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from distilforensics import __version__
from distilforensics.assessment import conformal
from distilforensics.assessment.candidates import merged_groups
from distilforensics.assessment.parameters import PARAMETERS
from distilforensics.case.stages import package_sha256, tables_sha256
from distilforensics.case.tables import read_rows
from distilforensics.core.errors import UsageError
from distilforensics.core.finding import LEAD, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from distilforensics.assessment.material import Material
    from distilforensics.case.layout import Case

ACCOUNT, SET = "account", "set"
LEVELS = (ACCOUNT, SET)

REFERENCES_GLOB = "reference-*.json"
"""Files in the case's calibration folder; each holds what was counted in one reference case, and no names."""

KIND = "distilforensics reference population"
FORMAT_VERSION = 1

MIN_PART = 0.5
"""Share of this log's days and accounts that a reference must have: heuristics need volume, so a smaller log is quieter by itself."""

_FAMILY_UNIT = 1000
"""Score of one family; more than there are heuristics, so that families come first."""

Fired = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ranked:
    """Everything that is ranked in one log, with the heuristics that fired on it."""

    accounts: Mapping[str, Fired]
    """By account; of groups of which the account is a core member."""
    sets: Mapping[str, Fired]
    """By the first group of the set."""
    groups: Mapping[str, tuple[str, ...]]
    """Set to its groups."""
    core: Mapping[str, frozenset[str]]
    """Set to the core accounts of its groups."""

    def fired(self, level: str) -> Mapping[str, Fired]:
        """Return entity to heuristics."""
        return self.accounts if level == ACCOUNT else self.sets


@dataclass(frozen=True, slots=True)
class Population:
    """Accounts and sets of a log, counted by what fired on them."""

    heuristics: Mapping[str, str]
    """Heuristics that could be evaluated and are no leads, with a hash of query and parameters."""
    n_days: int
    sources: frozenset[str]
    fired: Mapping[str, Mapping[Fired, int]]
    """Level to heuristics that fired to number of entities."""
    code: str = ""
    """Hash of the rules by which it was assessed."""
    tables: str = ""
    """Hash of the tables that it was counted from."""
    n_campaigns: int = 0
    """Campaigns that are reported in it."""

    @property
    def n_accounts(self) -> int:
        """Number of accounts."""
        return sum(self.fired[ACCOUNT].values())

    def scores(self, level: str, counted: frozenset[str]) -> list[int]:
        """Return one score per entity, by the heuristics that count."""
        return [score(fired, counted) for fired, n in sorted(self.fired[level].items()) for _ in range(n)]


@dataclass(frozen=True, slots=True)
class Calibration:
    """The ranks of all accounts and sets, and the references with the reason where one cannot be used."""

    ranked: Ranked
    rows: tuple[dict[str, Any], ...]
    """Rows of the table `calibration`."""
    n_heuristics: int
    """Heuristics that enter the scores."""
    used: tuple[Population, ...]
    refused: tuple[tuple[Population, str], ...]
    n_reference: Mapping[str, int]
    """Level to the reference entities with which each tested one is compared."""

    @property
    def is_separate(self) -> bool:
        """Whether the examiner has named a reference, usable or not."""
        return bool(self.used or self.refused)

    @property
    def n_sets(self) -> int:
        """Sets that are tested together."""
        return len(self.ranked.sets)

    @property
    def smallest_number(self) -> int:
        """Sets above the whole reference without which nothing can be marked."""
        return conformal.smallest_number(self.n_sets, self.n_reference[SET])

    def needed_reference(self, n_sets: int = 1) -> int:
        """Return the number of reference sets with which so many sets can be marked among all of this log."""
        return conformal.needed_reference(self.n_sets, n_sets)


def score(fired: Iterable[str], counted: frozenset[str]) -> int:
    """Return families first, heuristics second."""
    kept = [heuristic for heuristic in fired if heuristic in counted]
    return _FAMILY_UNIT * len({heuristic.partition(".")[0] for heuristic in kept}) + len(kept)


def rank(material: Material) -> Ranked:
    """Return the accounts and sets of a log with what fired on them; leads are left out."""
    counting = {heuristic for heuristic, level in material.levels.items() if level != LEAD}
    on_groups: dict[str, Fired] = {}
    on_accounts: dict[str, set[str]] = {account: set() for account in material.profiles}
    for entity, rows in material.observations.items():
        found = tuple(sorted(row.heuristic_id for row in rows if row.is_fired and row.heuristic_id in counting))
        if found and entity in material.group_accounts:
            on_groups[entity] = found
        elif entity in on_accounts:
            on_accounts[entity].update(found)
    cores = {group: _core(group, material) for group in sorted(on_groups)}
    for group, accounts in cores.items():
        for account in accounts:
            on_accounts[account].update(on_groups[group])
    groups = {members[0]: members for members in merged_groups(cores, PARAMETERS)}
    return Ranked(
        accounts={account: tuple(sorted(found)) for account, found in on_accounts.items()},
        sets={
            name: tuple(sorted({h for group in members for h in on_groups[group]})) for name, members in groups.items()
        },
        groups=groups,
        core={name: frozenset().union(*(cores[group] for group in members)) for name, members in groups.items()},
    )


def _core(group: str, material: Material) -> frozenset[str]:
    """Return who a group stands for: its regular users, or the accounts with enough links inside of a cluster."""
    links = material.cluster_links.get(group)
    if links is None:
        return material.core_accounts(group, PARAMETERS.core_share)
    return frozenset(account for account, n_links in links.items() if n_links >= PARAMETERS.min_member_links)


def _population(case: Case, fired: Mapping[str, Iterable[Fired]]) -> Population:
    """Return a log as a reference sees it."""
    keys = ["heuristic_id", "level", "state", "version", "sha256", "parameters"]
    profiles = read_rows(case, "account_profiles", ["first_seen", "last_seen"])
    first = [row["first_seen"] for row in profiles if row["first_seen"]]
    last = [row["last_seen"] for row in profiles if row["last_seen"]]
    sources = read_rows(case, "sources", ["source_sha256", "role"])
    return Population(
        heuristics={
            row["heuristic_id"]: _sha256([row["version"], row["sha256"], row["parameters"]])
            for row in read_rows(case, "heuristic_states", keys)
            if row["level"] != LEAD and row["state"] != State.NOT_EVALUATED
        },
        n_days=(max(last).date() - min(first).date()).days + 1 if first and last else 0,
        sources=frozenset(row["source_sha256"] for row in sources if row["role"] == "log"),
        fired={level: Counter(fired[level]) for level in LEVELS},
    )


def reference_json(case: Case) -> dict[str, Any]:
    """Return what another case has to know of this one to take it as a reference; counts and no names.

    Raises:
        CaseError: the case has not been assessed.
    """
    fired: dict[str, list[Fired]] = {level: [] for level in LEVELS}
    for row in read_rows(case, "calibration", ["level", "fired"]):
        fired[row["level"]].append(tuple(row["fired"]))
    own = _population(case, fired)
    return {
        "kind": KIND,
        "format_version": FORMAT_VERSION,
        "program": __version__,
        "code": json.loads((case.stages / "assessment.json").read_bytes())["code"],
        "tables": _sha256(tables_sha256(case, ("calibration", "heuristic_states", "account_profiles", "sources"))),
        "heuristics": dict(own.heuristics),
        "n_days": own.n_days,
        "sources": sorted(own.sources),
        "fired": {
            level: [{"heuristics": list(key), "n": n} for key, n in sorted(own.fired[level].items())]
            for level in LEVELS
        },
        "n_campaigns": len(read_rows(case, "campaigns", ["campaign_id"])),
    }


def _read_reference(text: str, where: str) -> Population:
    hint = "put the references in again with: distilforensics assess --case DIR --reference CASE"
    try:
        content = json.loads(text)
        if (content["kind"], content["format_version"]) != (KIND, FORMAT_VERSION):
            raise UsageError("is no reference population of this version", where=where, hint=hint)
        return Population(
            heuristics={str(key): str(value) for key, value in content["heuristics"].items()},
            n_days=int(content["n_days"]),
            sources=frozenset(map(str, content["sources"])),
            fired={
                level: {tuple(entry["heuristics"]): int(entry["n"]) for entry in content["fired"][level]}
                for level in LEVELS
            },
            code=str(content["code"]),
            tables=str(content["tables"]),
            n_campaigns=int(content["n_campaigns"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as e:
        raise UsageError("is no reference population", where=where, hint=hint) from e


def calibrate(case: Case, material: Material) -> Calibration:
    """Return the ranks of all accounts and sets of a log among its references.

    Raises:
        UsageError: a file in the calibration folder is no reference population.
    """
    ranked = rank(material)
    own = _population(case, {level: ranked.fired(level).values() for level in LEVELS})
    used: list[Population] = []
    refused: list[tuple[Population, str]] = []
    for path in sorted(case.calibration.glob(REFERENCES_GLOB)):
        reference = _read_reference(path.read_text(encoding="utf-8", errors="replace"), str(path))
        if reason := _unfit(own, reference, used):
            refused.append((reference, reason))
        else:
            used.append(reference)
    counted = frozenset(
        name for name, digest in own.heuristics.items() if all(entry.heuristics.get(name) == digest for entry in used)
    )
    is_separate = bool(used or refused)
    scores = {level: {name: score(fired, counted) for name, fired in ranked.fired(level).items()} for level in LEVELS}
    known = {
        level: [value for entry in used for value in entry.scores(level, counted)]
        if is_separate
        else list(scores[level].values())
        for level in LEVELS
    }
    rows = _rows(ranked, scores, known, is_own=not is_separate)
    n_reference = {level: max(0, len(known[level]) - (not is_separate)) for level in LEVELS}
    return Calibration(ranked, tuple(rows), len(counted), tuple(used), tuple(refused), n_reference)


def _unfit(own: Population, reference: Population, used: Sequence[Population]) -> str | None:
    """Return why a reference cannot be used, None if it can."""
    if own.sources & reference.sources:
        return "it shares log files with this case, and what is tested must not be part of its own reference"
    if any(entry.sources & reference.sources for entry in used):
        return "it shares log files with another reference, and nothing may count twice"
    if reference.code != package_sha256("distilforensics.assessment"):
        return "it was assessed by another version of the rules; run it again with this one"
    if reference.n_days < MIN_PART * own.n_days or reference.n_accounts < MIN_PART * own.n_accounts:
        return (
            f"it has {reference.n_accounts:,} accounts over {reference.n_days} days against {own.n_accounts:,} over {own.n_days} here; "
            "below half of either, fewer heuristics fire for want of volume alone"
        )
    return None


def _rows(
    ranked: Ranked, scores: Mapping[str, Mapping[str, int]], known: Mapping[str, list[int]], *, is_own: bool
) -> list[dict[str, Any]]:
    """Return the rows of accounts and sets; in its own log an entity is compared with all others."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for level in LEVELS:
        names, n_reference = sorted(scores[level]), len(known[level]) - is_own
        higher = conformal.n_as_high([scores[level][name] for name in names], known[level])
        rows[level] = [
            _row(level, name, ranked.fired(level)[name], scores[level][name], n - is_own, n_reference)
            for name, n in zip(names, higher, strict=True)
        ]
    sets = rows[SET]
    q_values = conformal.adjusted([1.0 if row["p_value"] is None else row["p_value"] for row in sets])
    for row, q in zip(sets, q_values, strict=True):
        row |= {
            "groups": list(ranked.groups[row["entity_id"]]),
            "q_value": round(q, 9),
            "is_marked": q <= conformal.ALPHA,
        }
    return [*rows[ACCOUNT], *sets]


def _row(level: str, name: str, fired: Fired, value: int, n_higher: int, n_reference: int) -> dict[str, Any]:
    is_known = n_reference > 0
    return {
        "level": level,
        "entity_id": name,
        "fired": list(fired),
        "n_families": value // _FAMILY_UNIT,
        "n_heuristics": value % _FAMILY_UNIT,
        "n_reference": max(0, n_reference),
        "n_as_high": n_higher if is_known else None,
        "p_value": round(conformal.p_value(n_higher, n_reference), 9) if is_known else None,
    }


def _sha256(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=True).encode()).hexdigest()
