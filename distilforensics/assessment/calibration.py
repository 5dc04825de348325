"""How far accounts and groups stand out from a reference population, with error control that holds whatever the shape of the scores.

The score of an account or group is the number of families, then of heuristics, that fired on what it is part of. It is computed for
every account in the same way, accused or not, and nobody is put into the reference, or left out of it, for what fired: a reference made of
whom the grades have cleared would make every accusation look rare.

The reference is a benign period of the same service that the examiner has named. Without one it is the other half of this log, halves by
hash of the name. Then a campaign stands on both sides, so its accounts cannot become rarer than their own share and nothing is claimed.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from distilforensics import __version__
from distilforensics.assessment import conformal
from distilforensics.assessment.parameters import PARAMETERS
from distilforensics.case.stages import package_sha256, tables_sha256
from distilforensics.case.tables import read_rows
from distilforensics.core.errors import UsageError
from distilforensics.core.finding import EntityType, State
from distilforensics.core.text import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from distilforensics.assessment.material import Material
    from distilforensics.case.layout import Case

ACCOUNT, GROUP = "account", "group"
LEVELS = (ACCOUNT, GROUP)

REFERENCE_FILE = "reference.json"
"""File in the case's calibration folder; it holds what was counted in the reference case, and no names."""

KIND = "distilforensics reference population"
FORMAT_VERSION = 1

MIN_PART = 0.5
"""Share of this log's days and accounts that a reference must have: heuristics need volume, so a smaller log is quieter by itself."""

_FAMILY_UNIT = 1000
"""Score of one family; more than there are heuristics, so that families come first."""

Fired = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Population:
    """Accounts and groups of a log, counted by what fired on them."""

    heuristics: Mapping[str, str]
    """Heuristics that could be evaluated and are more than informational, with a hash of query and parameters."""
    n_days: int
    sources: frozenset[str]
    fired: Mapping[str, Mapping[Fired, int]]
    """Level to heuristics that fired to number of entities."""

    def size(self, level: str) -> int:
        """Return the number of accounts or groups."""
        return sum(self.fired[level].values())

    def scores(self, level: str, counted: frozenset[str]) -> list[int]:
        """Return one score per entity, by the heuristics that count."""
        return [score(fired, counted) for fired, n in sorted(self.fired[level].items()) for _ in range(n)]


@dataclass(frozen=True, slots=True)
class Level:
    """The test of all accounts or of all groups of a log."""

    rows: tuple[dict[str, Any], ...]
    """Rows of the table `calibration`."""
    n_reference: int
    """Reference entities per test; of two halves the smaller one."""
    n_tested: int
    """Entities whose p-values are adjusted together; of two halves the larger one."""
    alpha: float
    """False-discovery rate per adjustment: half of it where two halves are adjusted by themselves."""

    @property
    def smallest_set(self) -> int:
        """Entities above the whole reference without which nothing can be marked."""
        return conformal.smallest_set(self.n_tested, self.n_reference, self.alpha)

    def needed_reference(self, n_set: int) -> int:
        """Return the size of a separate reference with which a set can be marked among all entities."""
        return conformal.needed_reference(len(self.rows), conformal.ALPHA, n_set)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Both tests, the reference and, if it cannot be used, why."""

    is_separate: bool
    refusal: str | None
    n_heuristics: int
    """Heuristics that enter the scores."""
    levels: Mapping[str, Level]
    about: Mapping[str, Any]
    """The reference in numbers."""

    def rows(self) -> list[dict[str, Any]]:
        """Return the rows of the table `calibration`."""
        return [row for level in LEVELS for row in self.levels[level].rows]


def score(fired: Iterable[str], counted: frozenset[str]) -> int:
    """Return families first, heuristics second."""
    kept = [heuristic for heuristic in fired if heuristic in counted]
    return _FAMILY_UNIT * len({heuristic.partition(".")[0] for heuristic in kept}) + len(kept)


def fired_by_entity(material: Material) -> dict[str, dict[str, Fired]]:
    """Return level to entity to the heuristics that fired on it or, for accounts, on a group of which the account is a core member."""
    counting = {heuristic for heuristic, level in material.levels.items() if level != "informational"}
    groups: dict[str, Fired] = {}
    accounts: dict[str, set[str]] = {account: set() for account in material.profiles}
    for entity, rows in material.observations.items():
        found = tuple(sorted(row.heuristic_id for row in rows if row.is_fired and row.heuristic_id in counting))
        kinds = {row.entity_type for row in rows}
        if EntityType.GROUP in kinds:
            groups[entity] = found
            for account in _core(entity, material) if found else ():
                accounts[account].update(found)
        elif EntityType.ACCOUNT in kinds and entity in accounts:
            accounts[entity].update(found)
    return {ACCOUNT: {account: tuple(sorted(found)) for account, found in accounts.items()}, GROUP: groups}


def _core(group: str, material: Material) -> Iterable[str]:
    """Return who a group stands for: its regular users, or the accounts with enough links inside of a cluster."""
    links = material.cluster_links.get(group)
    if links is not None:
        return [account for account, n_links in links.items() if n_links >= PARAMETERS.min_member_links]
    return material.core_accounts(group, PARAMETERS.core_share)


def population(case: Case, fired: Mapping[str, Mapping[str, Fired]]) -> Population:
    """Return a log as a reference sees it."""
    states = read_rows(case, "heuristic_states", ["heuristic_id", "level", "state", "version", "sha256", "parameters"])
    profiles = read_rows(case, "account_profiles", ["first_seen", "last_seen"])
    first = [row["first_seen"] for row in profiles if row["first_seen"]]
    last = [row["last_seen"] for row in profiles if row["last_seen"]]
    return Population(
        heuristics={
            row["heuristic_id"]: _sha256([row["version"], row["sha256"], row["parameters"]])
            for row in states
            if row["level"] != "informational" and row["state"] != State.NOT_EVALUATED
        },
        n_days=(max(last).date() - min(first).date()).days + 1 if first and last else 0,
        sources=frozenset(
            row["source_sha256"]
            for row in read_rows(case, "sources", ["source_sha256", "role"])
            if row["role"] == "log"
        ),
        fired={level: Counter(fired[level].values()) for level in LEVELS},
    )


def reference_json(case: Case) -> dict[str, Any]:
    """Return what another case has to know of this one to take it as its reference; counts and no names.

    Raises:
        CaseError: the case has not been assessed.
        UsageError: it was assessed by another version.
    """
    fired: dict[str, dict[str, Fired]] = {level: {} for level in LEVELS}
    for row in read_rows(case, "calibration", ["level", "entity_id", "fired"]):
        fired[row["level"]][row["entity_id"]] = tuple(row["fired"])
    own = population(case, fired)
    record = json.loads((case.stages / "assessment.json").read_bytes())
    return {
        "kind": KIND,
        "format_version": FORMAT_VERSION,
        "program": __version__,
        "code_sha256": record["code"],
        "tables_sha256": _sha256(tables_sha256(case, ("calibration", "heuristic_states", "account_profiles"))),
        "heuristics": dict(own.heuristics),
        "n_days": own.n_days,
        "sources": sorted(own.sources),
        "fired": {
            level: [{"heuristics": list(key), "n": n} for key, n in sorted(own.fired[level].items())]
            for level in LEVELS
        },
        "n_campaigns": len(read_rows(case, "campaigns", ["campaign_id"])),
    }


def read_reference(case: Case) -> tuple[Population, dict[str, Any]] | None:
    """Return the reference that was put into the case and what the file says of it, None if there is none.

    Raises:
        UsageError: the file is none of this version.
    """
    path = case.calibration / REFERENCE_FILE
    if not path.is_file():
        return None
    hint = "put it in again with: distilforensics assess --case DIR --reference CASE"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["kind"] != KIND or content["format_version"] != FORMAT_VERSION:
            raise UsageError(
                f"kind is {shown(content['kind'])}, expected {KIND} {FORMAT_VERSION}", where=str(path), hint=hint
            )
        found = Population(
            heuristics={str(key): str(value) for key, value in content["heuristics"].items()},
            n_days=int(content["n_days"]),
            sources=frozenset(content["sources"]),
            fired={
                level: {tuple(entry["heuristics"]): int(entry["n"]) for entry in content["fired"][level]}
                for level in LEVELS
            },
        )
    except (ValueError, KeyError, TypeError, AttributeError) as e:
        raise UsageError("is no reference population", where=str(path), hint=hint) from e
    return found, content


def calibrate(case: Case, material: Material) -> Calibration:
    """Return the tests of all accounts and groups of a log against its reference."""
    fired = fired_by_entity(material)
    own = population(case, fired)
    given = read_reference(case)
    if given is None:
        counted = frozenset(own.heuristics)
        levels = {level: _halves(level, fired[level], counted) for level in LEVELS}
        about = {"population": "the other half of this log", "n_days": own.n_days}
        return Calibration(False, None, len(counted), levels, about)
    reference, content = given
    counted = frozenset(name for name, digest in own.heuristics.items() if reference.heuristics.get(name) == digest)
    refusal = _refusal(own, reference, counted, content["code_sha256"])
    levels = {level: _against(level, fired[level], reference, counted, is_refused=bool(refusal)) for level in LEVELS}
    about = {
        "population": "a separate log that the examiner has named as benign",
        "n_days": reference.n_days,
        "tables_sha256": content["tables_sha256"],
        "program": content["program"],
        "n_campaigns": content["n_campaigns"],
    }
    return Calibration(True, refusal, len(counted), levels, about)


def _refusal(own: Population, reference: Population, counted: frozenset[str], code: str) -> str | None:
    """Return why a reference cannot be used, None if it can."""
    if own.sources & reference.sources:
        return "it shares log files with this case, and what is tested must not be part of its own reference"
    if code != package_sha256("distilforensics.assessment"):
        return "it was assessed by another version of the rules; run it again with this one"
    if reference.n_days < MIN_PART * own.n_days or reference.size(ACCOUNT) < MIN_PART * own.size(ACCOUNT):
        return (
            f"it has {reference.size(ACCOUNT)} accounts over {reference.n_days} days against {own.size(ACCOUNT)} over {own.n_days} here; "
            "below half of either, fewer heuristics fire for want of volume alone"
        )
    if not counted:
        return "no heuristic was evaluated on both logs in the same version"
    return None


def _halves(level: str, fired: Mapping[str, Fired], counted: frozenset[str]) -> Level:
    """Test each half against the other one."""
    halves = [[name for name in sorted(fired) if _half(name) == half] for half in (0, 1)]
    scores = {name: score(fired[name], counted) for name in fired}
    rows: list[dict[str, Any]] = []
    for tested, reference in (halves, halves[::-1]):
        rows += _rows(level, tested, fired, scores, [scores[name] for name in reference], factor=2)
    sizes = [len(half) for half in halves]
    return Level(
        tuple(sorted(rows, key=lambda row: str(row["entity_id"]))), min(sizes), max(sizes), conformal.ALPHA / 2
    )


def _against(
    level: str, fired: Mapping[str, Fired], reference: Population, counted: frozenset[str], *, is_refused: bool
) -> Level:
    scores = {name: score(fired[name], counted) for name in fired}
    known = [] if is_refused else reference.scores(level, counted)
    rows = _rows(level, sorted(fired), fired, scores, known, factor=1)
    return Level(tuple(rows), len(known), len(rows), conformal.ALPHA)


def _rows(
    level: str,
    tested: list[str],
    fired: Mapping[str, Fired],
    scores: Mapping[str, int],
    reference: list[int],
    *,
    factor: int,
) -> list[dict[str, Any]]:
    """Return the rows of entities that are adjusted together; `factor` is the number of such adjustments."""
    n_higher = conformal.n_as_high([scores[name] for name in tested], reference)
    p_values = [conformal.p_value(n, len(reference)) for n in n_higher]
    q_values = [min(1.0, factor * q) for q in conformal.adjusted(p_values)]
    is_known = bool(reference)
    return [
        {
            "level": level,
            "entity_id": name,
            "fired": list(fired[name]),
            "n_families": scores[name] // _FAMILY_UNIT,
            "n_heuristics": scores[name] % _FAMILY_UNIT,
            "n_reference": len(reference),
            "n_as_high": n if is_known else None,
            "p_value": round(p, 9) if is_known else None,
            "q_value": round(q, 9) if is_known else None,
            "is_marked": is_known and q <= conformal.ALPHA,
        }
        for name, n, p, q in zip(tested, n_higher, p_values, q_values, strict=True)
    ]


def _half(name: str) -> int:
    return hashlib.md5(name.encode(), usedforsecurity=False).digest()[0] & 1


def _sha256(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=True).encode()).hexdigest()
