"""Reads the catalogue: a heuristic is a `.sql` file with a header, its `.cases.yaml` and its `.md`, same stem, side by side."""

from __future__ import annotations

import difflib
import importlib.resources
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from distilforensics.core.errors import HeuristicError
from distilforensics.core.finding import LEAD, EntityType, Family
from distilforensics.core.schema import ACCOUNTS_DIRECTORY, EXCHANGES
from distilforensics.core.sqlfile import SqlFile, read_sql_file
from distilforensics.core.text import shown

if TYPE_CHECKING:
    from collections.abc import Iterable
    from importlib.resources.abc import Traversable
    from pathlib import Path

OWN_HEURISTICS = "heuristics"
"""Folder for heuristics, with one folder per family, in a catalogue of the user's own."""

OWN_OTHERS = ("explanations", "formats")
"""Folders for what else such a catalogue may hold."""

REQUIRED_KEYS = (
    "id", "code", "title", "status", "level", "description", "entity", "sees", "volume", "reads", "needs", "params",
    "output", "value", "falsepositives", "limitations", "references", "tags", "author", "date", "modified", "version",
)  # fmt: skip
"""Keys of a header; `output` may be missing where there are no further columns, `params` where there are none."""

KEY_ORDER = (*REQUIRED_KEYS[:11], "requires_order", "requires_complete", "partition", "params", *REQUIRED_KEYS[12:])
"""The one order in which a header gives its keys, so that all headers read alike."""

STATUSES = ("experimental", "test", "stable")
LEVELS = (LEAD, "low", "medium", "high", "critical")

LEADS_FOLDER = "leads"
"""Folder of the heuristics that bear no grade; all others lie in the folder of their family."""

STANDARD_COLUMNS = (
    ("entity_id", "VARCHAR"),
    ("is_fired", "BOOLEAN"),
    ("value", "DOUBLE"),
    ("baseline", "DOUBLE"),
    ("threshold", "DOUBLE"),
    ("n_exchanges", "BIGINT"),
    ("n_accounts", "BIGINT"),
)
"""First columns of every heuristic with their engine types; further ones are declared in the header as `output.NAME`."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A named parameter of the query with its default, its unit and the reason for the default."""

    name: str
    default: Any
    unit: str
    why: str


@dataclass(frozen=True, slots=True)
class OutputColumn:
    """A further output column with its unit and meaning."""

    name: str
    unit: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Heuristic:
    """One heuristic: what its header states, its query, and where its cases and its documentation lie."""

    file: SqlFile
    folder: Traversable = field(repr=False, compare=False)
    is_own: bool = False
    """From a catalogue of the user's own, whose versions this program does not keep."""

    @property
    def id(self) -> str:
        """Id, such as `structure.template_span`; never reused, never renamed."""
        return str(self.file.header["id"])

    @property
    def family(self) -> Family:
        """Family, the first part of the id."""
        return Family(self.id.split(".", 1)[0])

    @property
    def names(self) -> frozenset[str]:
        """What it can be chosen by: its id, its code, its family, its folder."""
        return frozenset({self.id, self.code, self.family.value, self.folder.name})

    @property
    def code(self) -> str:
        """Short code of the catalogue, such as `S1`."""
        return str(self.file.header["code"])

    @property
    def title(self) -> str:
        """Title in plain words."""
        return str(self.file.header["title"])

    @property
    def level(self) -> str:
        """How much one firing says: lead, low, medium, high, critical."""
        return str(self.file.header["level"])

    @property
    def place(self) -> str:
        """Where the query lies in the catalogue, such as `structure/template_span.sql`."""
        return f"{self.folder.name}/{self.file.name}.sql"

    @property
    def entity(self) -> EntityType:
        """What a row is about."""
        return EntityType(self.file.header["entity"])

    @property
    def version(self) -> int:
        """Version; raised with every change of the query or of a default."""
        return int(self.file.header["version"])

    @property
    def sha256(self) -> str:
        """Hash of the normalised query."""
        return self.file.sha256

    @property
    def body(self) -> str:
        """The query as it can be pasted into a DuckDB shell."""
        return self.file.body

    @property
    def reads(self) -> tuple[str, ...]:
        """Tables and views that the query reads."""
        return tuple(self.file.header["reads"])

    @property
    def needs(self) -> tuple[str, ...]:
        """Columns that a row must carry to be evaluable: `column`, `column|other` (either), or `accounts_directory.column`."""
        return tuple(self.file.header["needs"])

    @property
    def requires_order(self) -> bool:
        """The order of exchanges within an entity carries the meaning, so coarse clocks make the result inconclusive."""
        return bool(self.file.header.get("requires_order", False))

    @property
    def requires_complete(self) -> bool:
        """Every exchange has to be in the log, because order or repetition carries the meaning; a sampled log makes the result inconclusive."""
        return bool(self.file.header.get("requires_complete", False))

    @property
    def is_by_group(self) -> bool:
        """Every group is judged without a look at another one or at the rest of the log, so that many machines can share the groups."""
        return self.file.header.get("partition") == "group"

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Named parameters in order of the header."""
        return tuple(
            Parameter(name, entry["default"], entry["unit"], entry["why"])
            for name, entry in self.file.header.get("params", {}).items()
        )

    @property
    def outputs(self) -> tuple[OutputColumn, ...]:
        """Further output columns in order of the header."""
        return tuple(
            OutputColumn(name, entry["unit"], entry["meaning"])
            for name, entry in self.file.header.get("output", {}).items()
        )

    def defaults(self, overrides: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the parameter values: defaults, replaced by `overrides`.

        Raises:
            HeuristicError: an override names no parameter of this heuristic.
        """
        values = {parameter.name: parameter.default for parameter in self.parameters}
        if unknown := sorted(set(overrides or {}) - set(values)):
            raise HeuristicError(
                f"has no parameter {shown(unknown[0])}, expected one of {sorted(values)}", where=self.id
            )
        return values | (overrides or {})

    def sentence(self, key: str, values: dict[str, Any] | None = None) -> str:
        """Return a sentence of the header (`sees`, `volume`) with `$name` replaced by parameter values."""
        text = str(self.file.header[key])
        merged = self.defaults(values)
        for name in sorted(merged, key=len, reverse=True):
            text = text.replace(f"${name}", str(merged[name]))
        return text

    def document(self) -> str:
        """Return the text of the `.md` beside the query; empty if there is none."""
        return self._neighbour(".md")

    def cases_text(self) -> str:
        """Return the text of the `.cases.yaml` beside the query; empty if there is none."""
        return self._neighbour(".cases.yaml")

    def _neighbour(self, ending: str) -> str:
        path = self.folder / f"{self.file.name}{ending}"
        return path.read_text(encoding="utf-8") if path.is_file() else ""


def catalog_folder() -> Traversable:
    """Return the folder of the installed catalogue, with a folder per family."""
    return importlib.resources.files("distilforensics.analysis.heuristics")


def load_catalog(only: Iterable[str] = (), own: Path | None = None) -> list[Heuristic]:
    """Return all heuristics sorted by id, or those whose id, code, family or folder (`leads`) is named.

    Raises:
        HeuristicError: a file is invalid, an id or code of an own heuristic is taken, or a name in `only` matches nothing.
    """
    heuristics = list(_load_all())
    if own is not None and own.is_dir():
        heuristics = sorted([*heuristics, *_load_own(own, heuristics)], key=lambda heuristic: heuristic.id)
    names = tuple(only)
    for name in names:
        if not any(name in heuristic.names for heuristic in heuristics):
            raise _unknown(f"no heuristic or family has the name {shown(name)}", name, heuristics)
    return [heuristic for heuristic in heuristics if not names or not heuristic.names.isdisjoint(names)]


def load_heuristic(heuristic_id: str) -> Heuristic:
    """Return one heuristic by its full id.

    Raises:
        HeuristicError: there is none with this id.
    """
    heuristics = _load_all()
    for heuristic in heuristics:
        if heuristic.id == heuristic_id:
            return heuristic
    raise _unknown(f"no heuristic has the id {shown(heuristic_id)}", heuristic_id, heuristics)


def _unknown(message: str, name: str, heuristics: Iterable[Heuristic]) -> HeuristicError:
    """Return an error that names what is spelled nearest."""
    known = sorted({known for heuristic in heuristics for known in heuristic.names})
    nearest = ", ".join(difflib.get_close_matches(name, known, 3, 0.5))
    all_of_them = "list them with: distilforensics heuristics list"
    return HeuristicError(message, hint=f"nearest: {nearest}; {all_of_them}" if nearest else all_of_them)


def needs_of_catalog() -> dict[str, list[str]]:
    """Return id -> needed columns, for telling what could be tested with a log before reading all of it."""
    return {heuristic.id: list(heuristic.needs) for heuristic in _load_all()}


@cache
def _load_all() -> tuple[Heuristic, ...]:
    return tuple(sorted(_read_families(catalog_folder()), key=lambda heuristic: heuristic.id))


def _load_own(root: Path, known: Iterable[Heuristic]) -> list[Heuristic]:
    found = _read_families(root / OWN_HEURISTICS, is_own=True) if (root / OWN_HEURISTICS).is_dir() else []
    if not found and not any((root / name).is_dir() for name in OWN_OTHERS):
        raise HeuristicError(
            "holds no heuristic, format or explanation",
            where=root.name,
            hint=f"expected {OWN_HEURISTICS}/FAMILY/NAME.sql, .cases.yaml and .md, or {' or '.join(OWN_OTHERS)}/",
        )
    taken = {name for heuristic in known for name in (heuristic.id, heuristic.code)}
    for heuristic in found:
        if names := sorted({heuristic.id, heuristic.code} & taken):
            raise HeuristicError(f"id or code {', '.join(names)} is taken", where=heuristic.id)
        taken |= {heuristic.id, heuristic.code}
    return found


def _read_families(root: Traversable, *, is_own: bool = False) -> list[Heuristic]:
    """Return the heuristics in the folders of a catalogue, one per family."""
    folders = [root / name for name in (*Family, LEADS_FOLDER)]
    return [
        read_heuristic(folder, path.name, is_own=is_own)
        for folder in folders
        if folder.is_dir()
        for path in sorted(folder.iterdir(), key=lambda item: item.name)
        if path.name.endswith(".sql")
    ]


def read_heuristic(folder: Traversable, file_name: str, *, is_own: bool = False) -> Heuristic:
    """Return the heuristic in a file of the catalogue after checking that its header is complete and well-formed.

    Raises:
        HeuristicError: a key is missing, unknown or out of its vocabulary.
    """
    file = read_sql_file(folder / file_name)
    where = f"{folder.name}/{file_name}"
    header = file.header
    if missing := [key for key in REQUIRED_KEYS if key not in header and key not in ("params", "output")]:
        raise HeuristicError(f"the header lacks {', '.join(missing)}", where=where)
    if unknown := [key for key in header if key not in KEY_ORDER]:
        raise HeuristicError(f"the header has unknown keys {', '.join(unknown)}", where=where)
    families = [family.value for family in Family] if folder.name == LEADS_FOLDER else [folder.name]
    if header["id"] not in (ids := [f"{family}.{file.name}" for family in families]):
        raise HeuristicError(f"id is {shown(header['id'])}, expected {' or '.join(map(repr, ids))}", where=where)
    for key, vocabulary in (("status", STATUSES), ("level", LEVELS), ("entity", tuple(EntityType))):
        if header[key] not in vocabulary:
            raise HeuristicError(f"{key} is {shown(header[key])}, expected one of {', '.join(vocabulary)}", where=where)
    _require_lead_in_its_folder(header, folder.name, where)
    _require_groups(header, where)
    _require_entries(header, where)
    _require_known_needs(header["needs"], where)
    return Heuristic(file, folder, is_own)


def _require_lead_in_its_folder(header: dict[str, Any], folder: str, where: str) -> None:
    if (header["level"] == LEAD) != (folder == LEADS_FOLDER):
        raise HeuristicError(
            f"level is {header['level']} in the folder {folder}; leads, and nothing else, lie in {LEADS_FOLDER}",
            where=where,
        )
    # Candidates are made of what coordination fired on, whatever its level, so a lead there would bear on grades after all.
    if folder == LEADS_FOLDER and header["id"].startswith(f"{Family.COORDINATION}."):
        raise HeuristicError(
            "a heuristic of the family coordination makes candidates and cannot be a lead", where=where
        )


BY_GROUP = frozenset({"group_accounts", "group_conversations", "group_exchanges", "groups"})
"""Views that hold a group's rows and nothing of other groups."""

OF_LOG = frozenset({"all_group_accounts", "exchange_features", "exchanges", "group_marks", "next_prompts"})
"""What is read to see the rest of the log, or is as long as it."""


def _require_groups(header: dict[str, Any], where: str) -> None:
    if "partition" not in header:
        return
    reads = set(header["reads"])
    if header["partition"] != "group" or header["entity"] != "group" or reads & OF_LOG or not reads & BY_GROUP:
        raise HeuristicError(
            'partition is only ever "group", for a heuristic of groups that reads nothing of the rest of the log',
            where=where,
        )


def _require_entries(header: dict[str, Any], where: str) -> None:
    expected = (("params", {"default", "unit", "why"}), ("output", {"unit", "meaning"}))
    for section, keys in expected:
        for name, entry in header.get(section, {}).items():
            if not isinstance(entry, dict) or set(entry) != keys:
                raise HeuristicError(f"{section}.{name} must have exactly {', '.join(sorted(keys))}", where=where)
    if set(header["value"]) != {"unit", "meaning"}:
        raise HeuristicError("value must have exactly meaning, unit", where=where)
    if not isinstance(header["version"], int) or header["version"] < 1:
        raise HeuristicError(f"version is {shown(header['version'])}, expected an integer from 1", where=where)


def _require_known_needs(needs: list[str], where: str) -> None:
    exchange_columns = {column.name for column in EXCHANGES.columns}
    directory_columns = {f"{ACCOUNTS_DIRECTORY.name}.{column.name}" for column in ACCOUNTS_DIRECTORY.columns}
    for need in needs:
        for column in need.split("|"):
            if column not in exchange_columns and column not in directory_columns:
                raise HeuristicError(
                    f"needs {shown(column)}, which is neither a column of exchanges nor accounts_directory.COLUMN",
                    where=where,
                )
