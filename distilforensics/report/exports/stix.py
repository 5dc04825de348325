"""A STIX 2.1 bundle: each campaign with its accounts as observed data, its facts as a note, and what it does not establish.

No indicator with a pattern is written: that an account belongs to a campaign of the past is no rule by which to judge a request of the
future. The grade is a label and no `confidence`, which would be read as a probability.
"""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

from distilforensics.report.exports.contents import iso, text
from distilforensics.report.result import fixed_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from distilforensics.report.exports.contents import Material
    from distilforensics.report.result import Campaign

_CYBER_OBSERVABLES = uuid.UUID("00abedb4-aa42-466c-9c01-fed23315a9b7")
"""Namespace of the standard for ids of observables."""
_MOST_OBSERVED = 999_999_999
"""Largest number of observations that the standard allows in one object."""


def lines(material: Material) -> Iterator[bytes]:
    """Yield the bundle as JSON."""
    objects = list({item["id"]: item for item in _objects(material)}.values())
    bundle = {"type": "bundle", "id": f"bundle--{material.id_of('stix bundle')}", "objects": objects}
    yield json.dumps(bundle, sort_keys=True, indent=1, allow_nan=False).encode() + b"\n"


def account_id(name: str) -> str:
    """Return the id that the standard gives an account by its identifying property."""
    canonical = json.dumps({"user_id": name}, separators=(",", ":"), ensure_ascii=False)
    return f"user-account--{uuid.uuid5(_CYBER_OBSERVABLES, canonical)}"


def _objects(material: Material) -> Iterator[dict[str, Any]]:
    stated = material.result.header
    author = _common(material, "identity") | {
        "name": text(stated["organization"] or stated["examiner"] or "examiner not stated"),
        "identity_class": "organization" if stated["organization"] else "individual",
    }
    yield author
    members: dict[str, list[str]] = {}
    for row in material.accounts():
        members.setdefault(row["campaign_id"], []).append(text(row["account_id"]))
    by_id = {campaign.campaign_id: campaign for campaign in material.result.campaigns}
    for row in material.result.listed:
        yield from _campaign(
            material, author["id"], row, members.get(row["campaign_id"], []), by_id.get(row["campaign_id"])
        )


def _common(material: Material, kind: str, *names: object) -> dict[str, Any]:
    moment = iso(material.moment, "milliseconds")
    return {
        "type": kind, "spec_version": "2.1", "id": f"{kind}--{material.id_of(f'stix {kind}', *names)}", "created": moment, "modified": moment,
    }  # fmt: skip


def _campaign(
    material: Material, author: str, row: Mapping[str, Any], members: list[str], campaign: Campaign | None
) -> Iterator[dict[str, Any]]:
    name, first, last = (
        row["campaign_id"],
        iso(row["first_seen"], "milliseconds"),
        iso(row["last_seen"], "milliseconds"),
    )
    size = f"{row['n_accounts']:,} accounts sent {row['n_requests']:,} requests with a common pattern."
    about = _common(material, "campaign", name) | {
        "created_by_ref": author,
        "name": name,
        "description": f"{size} The grade orders evidence by a published rule; it is no probability, and says nothing of who is behind the accounts.",
        "labels": [f"grade: {row['grade']}"],
        "first_seen": first,
        "last_seen": last,
    }
    yield about
    for account in members:
        yield {"type": "user-account", "spec_version": "2.1", "id": account_id(account), "user_id": account}
    if members:
        yield _common(material, "observed-data", name) | {
            "created_by_ref": author,
            "first_observed": first,
            "last_observed": last,
            "number_observed": min(_MOST_OBSERVED, max(1, row["n_requests"])),
            "object_refs": sorted(map(account_id, members)),
        }
        yield _common(material, "relationship", name) | {
            "created_by_ref": author,
            "relationship_type": "related-to",
            "source_ref": f"observed-data--{material.id_of('stix observed-data', name)}",
            "target_ref": about["id"],
        }
    facts = [f"{fact.title}. {fact.statement} {fact.standing}".strip() for fact in campaign.facts] if campaign else []
    limits = [f"{item['title']}: {item['text']}" for item in fixed_text("limits")]
    yield _common(material, "note", name) | {
        "created_by_ref": author,
        "abstract": "What the grade rests on, and what is not established",
        "content": "\n".join(text(line) for line in (text(row["grade_reason"]), *facts, *limits)),
        "object_refs": [about["id"]],
    }
