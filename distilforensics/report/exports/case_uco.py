"""The examination as JSON-LD in the words of CASE 1.5 and UCO: files that were read, the examination, accounts of each campaign."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from distilforensics.report.exports.contents import iso, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from distilforensics.report.exports.contents import Material

_CONTEXT = {
    "kb": "http://example.org/kb/",
    "case-investigation": "https://ontology.caseontology.org/case/investigation/",
    "uco-action": "https://ontology.unifiedcyberontology.org/uco/action/",
    "uco-core": "https://ontology.unifiedcyberontology.org/uco/core/",
    "uco-identity": "https://ontology.unifiedcyberontology.org/uco/identity/",
    "uco-observable": "https://ontology.unifiedcyberontology.org/uco/observable/",
    "uco-tool": "https://ontology.unifiedcyberontology.org/uco/tool/",
    "uco-types": "https://ontology.unifiedcyberontology.org/uco/types/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}


def lines(material: Material) -> Iterator[bytes]:
    """Yield the graph as JSON-LD."""
    graph = {"@context": _CONTEXT, "@graph": list(_graph(material))}
    yield json.dumps(graph, sort_keys=True, indent=1, allow_nan=False).encode() + b"\n"


def _typed(kind: str, value: object) -> dict[str, str]:
    return {"@type": f"xsd:{kind}", "@value": str(value)}


def _named(material: Material, kind: str, type_name: str, *names: object) -> dict[str, Any]:
    return {"@id": f"kb:{kind}-{material.id_of(f'case {kind}', *names)}", "@type": type_name}


def _facet(material: Material, type_name: str, *names: object) -> dict[str, Any]:
    return _named(material, type_name.partition(":")[2].lower(), type_name, *names)


def _graph(material: Material) -> Iterator[dict[str, Any]]:
    stated, log = material.result.header, material.result.log.totals
    files = [_file(material, row) for row in material.ledger.rows("sources", is_drawn=True) if row["source_sha256"]]
    yield from files
    tool = _named(material, "tool", "uco-tool:Tool") | {
        "uco-core:name": "distilforensics",
        "uco-tool:version": stated["version"],
    }
    yield tool
    results: list[dict[str, Any]] = []
    members: dict[str, list[dict[str, Any]]] = {}
    for row in material.accounts():
        account = _account(material, text(row["account_id"]))
        members.setdefault(row["campaign_id"], []).append(account)
        yield account
    for row in material.result.listed:
        accounts = members.get(row["campaign_id"], [])
        grouping = _named(material, "grouping", "uco-core:Grouping", row["campaign_id"]) | {
            "uco-core:name": row["campaign_id"],
            "uco-core:context": "accounts whose requests indicate that they were run as one",
            "uco-core:description": f"{row['n_accounts']:,} accounts, {row['n_requests']:,} requests, grade {row['grade']}: {text(row['grade_reason'])}",
            "uco-core:object": [{"@id": account["@id"]} for account in accounts],
        }
        yield grouping
        results += [grouping, *accounts]
    record = _named(material, "record", "case-investigation:ProvenanceRecord") | {
        "uco-core:description": "Groups of accounts and their members, as the tables with this SHA-256 hold them: "
        + material.result.seals["tables"],
        "uco-core:object": [{"@id": item["@id"]} for item in results] or [{"@id": tool["@id"]}],
    }
    yield record
    action = _named(material, "action", "case-investigation:InvestigativeAction") | {
        "uco-core:name": "Examination of access logs",
        "uco-core:description": f"{log['n_requests']:,} requests of {log['n_accounts']:,} accounts, {iso(log['first_seen'])} to {iso(log['last_seen'])}",
        "uco-action:instrument": {"@id": tool["@id"]},
        "uco-action:object": [{"@id": file["@id"]} for file in files],
        "uco-action:result": [{"@id": record["@id"]}],
    }  # fmt: skip
    if stated["examiner"]:
        person = _named(material, "person", "uco-identity:Person") | {"uco-core:name": text(stated["examiner"])}
        yield person
        action["uco-action:performer"] = {"@id": person["@id"]}
    yield action
    yield _named(material, "investigation", "case-investigation:Investigation") | {
        "uco-core:name": text(stated["number"] or stated["title"]),
        "uco-core:object": [{"@id": action["@id"]}, {"@id": record["@id"]}],
    }


def _file(material: Material, row: dict[str, Any]) -> dict[str, Any]:
    key = (row["path"], row["source_sha256"])
    digest = _named(material, "hash", "uco-types:Hash", *key) | {
        "uco-types:hashMethod": "SHA256",
        "uco-types:hashValue": _typed("hexBinary", row["source_sha256"]),
    }
    return _named(material, "file", "uco-observable:File", *key) | {
        "uco-core:hasFacet": [
            _facet(material, "uco-observable:FileFacet", *key) | {"uco-observable:filePath": text(row["path"])},
            _facet(material, "uco-observable:ContentDataFacet", *key)
            | {"uco-observable:sizeInBytes": row["n_bytes"], "uco-observable:hash": digest},
        ]
    }


def _account(material: Material, name: str) -> dict[str, Any]:
    facet = _facet(material, "uco-observable:AccountFacet", name) | {"uco-observable:accountIdentifier": name}
    return _named(material, "account", "uco-observable:ObservableObject", name) | {"uco-core:hasFacet": [facet]}
