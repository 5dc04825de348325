"""The file that two sides exchange: a STIX 2.1 bundle whose campaigns and groupings carry keyed fingerprints as an extension."""

from __future__ import annotations

import json
import uuid
from datetime import date
from typing import TYPE_CHECKING, Any

from distilforensics.core.errors import UsageError
from distilforensics.core.text import show, shown
from distilforensics.pipeline.matching.marks import KINDS, Group, Mark

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

MAX_BYTES = 256_000_000
"""A file is read whole; groups with all their marks take less than a megabyte each."""

_NAMESPACE = uuid.UUID("0d7b6d0e-2f43-5f0b-8a35-0b9c7c1a7d55")
_AUTHOR = "identity--3b2f5f6e-6a0d-5f0e-9c55-8f3d1a6f2b11"
EXTENSION = "extension-definition--8e0f8c4a-1b7d-5d0c-b6a9-4f1f0c7e9a21"
"""Id of the extension that holds the marks of a group."""
_BEGIN = "2026-11-30T00:00:00.000Z"
"""Date of the definition itself."""

_HASH_DIGITS = 32
_MOST_BITS = 64.0


def as_bundle(groups: Sequence[Group], key_check: str) -> bytes:
    """Return the bundle as JSON: the same groups and key give the same bytes."""
    objects = [*_definition(), *(_group(group, key_check) for group in groups)]
    content = json.dumps(objects, sort_keys=True)
    bundle = {"type": "bundle", "id": f"bundle--{uuid.uuid5(_NAMESPACE, content)}", "objects": objects}
    return json.dumps(bundle, sort_keys=True, indent=1, allow_nan=False).encode() + b"\n"


def read_bundle(path: Path) -> tuple[str, list[Group]]:
    """Return by which key a file was made, and its groups.

    Raises:
        UsageError: it is no bundle, or none of its objects carries fingerprints.
    """
    where = show(str(path))
    if path.stat().st_size > MAX_BYTES:
        raise UsageError(f"is larger than {MAX_BYTES:,} bytes", where=where)
    try:
        bundle = json.loads(path.read_bytes())
        objects = [item for item in bundle["objects"] if isinstance(item, dict)]
    except (ValueError, KeyError, TypeError, RecursionError) as e:
        raise UsageError(
            "is no STIX bundle",
            where=where,
            hint="expected a file of: distilforensics fingerprints CASE --key-file KEY --out FILE",
        ) from e
    defined = any(item.get("id") == EXTENSION for item in objects)
    carried = [(item, item["extensions"][EXTENSION]) for item in objects if EXTENSION in _part(item, "extensions")]
    if not carried and not defined:
        kinds = ", ".join(sorted({shown(item.get("type")) for item in objects})[:8])
        raise UsageError(
            f"holds no fingerprints, only {kinds or 'nothing'}",
            where=where,
            hint="whoever made it can add them with: distilforensics fingerprints CASE --key-file KEY --out FILE",
        )
    try:
        checks = {str(extension["key_check"]) for _, extension in carried}
        groups = [_read_group(item, extension) for item, extension in carried]
    except (KeyError, TypeError, ValueError, AttributeError) as e:
        raise UsageError(f"its fingerprints are damaged ({shown(e)})", where=where) from e
    if len(checks) > 1:
        raise UsageError("its groups were made with several keys", where=where, hint="make one file per key")
    return (checks or {""}).pop(), groups


def _definition() -> Iterator[dict[str, Any]]:
    yield _common("identity", _AUTHOR) | {"name": "distilforensics", "identity_class": "system"}
    yield _common("extension-definition", EXTENSION) | {
        "created_by_ref": _AUTHOR,
        "name": "keyed fingerprints of a group of accounts",
        "description": (
            "marks: kind to rows of keyed hash, share of the members that hold the value, and bits of rarity among the other accounts. "
            "A hash is HMAC-SHA-256, cut to 128 bits, under a secret that both sides share; key_check tells whether it is the same."
        ),
        "schema": f"kinds: {', '.join(KINDS)}",
        "version": "1.0.0",
        "extension_types": ["property-extension"],
    }


def _common(kind: str, name: str) -> dict[str, Any]:
    return {"type": kind, "spec_version": "2.1", "id": name, "created": _BEGIN, "modified": _BEGIN}


def _group(group: Group, key_check: str) -> dict[str, Any]:
    marks = {
        kind: [[digest, mark.share, mark.rarity] for digest, mark in values.items()]
        for kind, values in group.marks.items()
    }
    extension = {
        "extension_type": "property-extension",
        "key_check": key_check,
        "n_accounts": group.n_accounts,
        "first_day": group.first_day and group.first_day.isoformat(),
        "last_day": group.last_day and group.last_day.isoformat(),
        "cut_kinds": sorted(group.is_cut),
        "marks": marks,
    }
    kind = "campaign" if group.is_campaign else "grouping"
    name = f"{kind}--{uuid.uuid5(_NAMESPACE, json.dumps([group.name, extension], sort_keys=True))}"
    own = {} if group.is_campaign else {"context": "unspecified", "object_refs": [_AUTHOR]}
    return (
        _common(kind, name)
        | own
        | {
            "name": group.name,
            "labels": [f"grade: {group.grade}"],
            "created_by_ref": _AUTHOR,
            "extensions": {EXTENSION: extension},
        }
    )


def _read_group(item: dict[str, Any], extension: dict[str, Any]) -> Group:
    labels = [str(label) for label in item.get("labels") or ()]
    grade = next((label.removeprefix("grade: ") for label in labels if label.startswith("grade: ")), "")
    marks = {kind: dict(_read_mark(row) for row in rows) for kind, rows in extension["marks"].items() if kind in KINDS}
    return Group(
        str(item["name"]),
        grade,
        int(extension["n_accounts"]),
        _day(extension.get("first_day")),
        _day(extension.get("last_day")),
        marks,
        frozenset(extension.get("cut_kinds") or ()),
    )


def _read_mark(row: list[Any]) -> tuple[str, Mark]:
    digest, share, rarity = row
    if len(digest) != _HASH_DIGITS or not 0 <= share <= 1 or not -_MOST_BITS <= rarity <= _MOST_BITS:
        raise ValueError(digest)
    return digest, Mark(float(share), float(rarity))


def _day(value: object) -> date | None:
    return None if value is None else date.fromisoformat(str(value))


def _part(item: dict[str, Any], name: str) -> dict[str, Any]:
    value = item.get(name)
    return value if isinstance(value, dict) else {}
