"""The shape of what every reading command prints with `--json`: one source for the JSON Schemas and for the page that explains them.

A shape is a word for a value (`text`, `count`, `number`, `flag`, `any`; with `?` it may be null), a list of one shape for an array, a
dictionary for an object with exactly these keys (one that ends with `?` may be left out), or `{"*": shape}` for an object whose keys are
data. Commands that print several lines print one such value per line.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from typing import Any

Shape = Any
"""A word, a list of one shape, or a dictionary."""

_WORDS: dict[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "count": {"type": "integer"},
    "number": {"type": "number"},
    "flag": {"type": "boolean"},
}

_RATE = {"n_of": "count", "n_total": "count", "rate": "number?", "ci95_low": "number?", "ci95_high": "number?"}
_RATES = {"grade": "text", "recall": _RATE, "precision": _RATE, "false_accusations": _RATE}
_GROUP = {"group": "text", "grade": "text", "n_accounts": "count", "n_fingerprints": {"*": "count"}}
_CHECK = {"subject": "text", "told": "text", "n_problems": "count"}
_PIECE = {"campaign_id": "text", "n_accounts": "count"}
_CALL = {
    "record_id": "text", "source": "text?", "source_line": "count", "raw_sha256": "text", "account_id": "text?", "api_key_id": "text?",
    "started_at": "text?", "status": "text?", "model": "text?", "model_requested": "text?", "input_tokens": "count?", "output_tokens": "count?",
}  # fmt: skip
_ACCUSED = {
    "account_id": "text", "campaign_id": "text?", "grade": "text?", "n_exchanges": "count", "n_campaign_exchanges": "count?", "output_tokens": "count?",
    "first_seen": "text?", "last_seen": "text?", "tenant_id": "text?", "n_active_days": "count?", "n_active_hours_of_week": "count?",
    "n_distinct_prompts": "count?", "n_with_prompt": "count?", "n_limited": "count?", "n_user_agents": "count?", "n_ips": "count?",
    "customer": "text?", "cluster_id": "text?", "for_the_accused": ["text"], "against_the_accused": ["text"],
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Printed:
    """What one command prints."""

    meaning: str
    shape: Shape
    is_per_line: bool = False
    """One value per line; else one line in all."""


_OWN: dict[str, Printed] = {
    "inspect": Printed(
        "what a file is, and what could be tested on it",
        {
            "path": "text", "role": "text", "reason": "text?", "n_bytes": "count", "compression": "text?", "encoding": "text?", "format": "text?",
            "confidence": "text?", "account": "text?", "missing": ["text"], "n_sampled": "count", "n_refused": "count", "n_out_of_scope": "count",
            "record_bytes": "number?", "refusals": ["any"], "flags": {"*": "count"}, "first_started_at": "text?", "last_started_at": "text?",
            "fill": {"*": "number"}, "unknown_keys": ["text"], "sample": [{"*": "any"}],
            "heuristics": [{"heuristic_id": "text", "share": "number", "missing": ["text"]}], "suggested_mapping": "text?",
        },
        is_per_line=True,
    ),
    "mapping": Printed("the draft of a mapping file", {"file": "text", "mapping": "text"}),
    "plan": Printed(
        "what a run would take: seconds and bytes",
        {
            "n_files": "count", "n_bytes": "count", "n_bytes_decoded": "count", "n_exchanges": "count", "has_text": "flag", "cpu_s": "number",
            "wall_s": "number", "peak_bytes": "count", "case_bytes": "count", "free_bytes": "count", "is_extrapolated": "flag", "warnings": ["text"],
        },
    ),
    "verify": Printed(
        "whether every byte of a case is as it was sealed",
        {
            "is_intact": "flag", "problems": [{"where": "text", "message": "text"}], "checked": [_CHECK], "not_checked": [_CHECK], "notes": ["text"],
            "n_files": "count", "n_sources": "count", "n_records": "count", "custody_head": "text?", "replay": "any",
        },
    ),
    "diff": Printed(
        "what differs between two cases, causes first",
        {"is_equal": "flag", "causes": ["text"], "differences": [{"kind": "text", "what": "text", "first": "any", "second": "any"}]},
    ),
    "cite": Printed(
        "a record as it stands in the evidence",
        {
            "record_id": "text", "kind": "text", "path": "text", "line": "count", "offset": "count?", "n_bytes": "count", "compression": "text",
            "source_sha256": "text", "raw_sha256": "text", "raw": "text?",
        },
    ),
    "sql": Printed("a row of the answer, by the names of its columns", {"*": "any"}, is_per_line=True),
    "respond": Printed(
        "the draft of an answer to an accusation",
        {
            "accusation": {"file": "text", "case_ids": ["text"], "policy_categories": ["text"], "n_messages": "count"},
            "coverage": {"n_exchanges": "count", "n_with_id": "count", "first_seen": "text?", "last_seen": "text?"},
            "counts": {"*": {"*": "count"}},
            "verdicts": [
                {"message_id": "text", "found": "text", "draft": "text", "differences": ["text"], "reason": "text", "calls": [_CALL]}
            ],
            "accounts": [_ACCUSED],
            "linked_accounts": [{"account_id": "text", "ties": ["text"], "n_exchanges": "count"}],
        },
    ),
    "fingerprints": Printed("the file that was written, and its groups", {"file": "text", "groups": [_GROUP]}),
    "match": Printed(
        "pairs of groups with something rare in common; bits of weight",
        {
            "n_first": "count",
            "n_second": "count",
            "pairs": [
                {
                    "first": _GROUP, "second": _GROUP, "is_match": "flag", "bits": "number", "bits_of_families": {"*": "number"}, "cannot_tell": ["text"],
                    "in_common": [
                        {"kind": "text", "bits": "number", "n_values": "count", "share_of_first": "number", "share_of_second": "number"}
                    ],
                }
            ],
        },
    ),
    "match with a case": Printed(
        "accounts of the case that hold marks of the other side's groups",
        {
            "n_accounts": "count",
            "accounts": [{"group": "text", "account_id": "text", "kinds": ["text"], "n_values": "count"}],
        },
    ),
    "evaluate": Printed(
        "error rates against labels, with exact intervals",
        {
            "min_grade": "text", "accounts": _RATES, "by_grade": [_RATES],
            "campaigns": {"found": _RATE, "n_split": "count", "n_merged": "count"},
            "known_campaigns": [{"campaign_id": "text", "is_found": "flag", "recall": _RATE, "pieces": [_PIECE]}],
            "reported_campaigns": [
                {
                    "campaign_id": "text", "grade": "text", "n_accounts": "count", "n_innocent": "count", "n_unlabelled": "count", "known": [_PIECE],
                    "purity": _RATE,
                }
            ],
            "*": "any",
        },
    ),
    "formats list": Printed(
        "a format that is read", {"id": "text", "version": "count", "title": "text", "account": "text"}, is_per_line=True
    ),
    "formats show": Printed(
        "a format in full", {"id": "text", "version": "count", "title": "text", "mapping": "any", "query": "text"}
    ),
    "heuristics list": Printed(
        "a heuristic of the catalogue",
        {"code": "text", "id": "text", "version": "count", "level": "text", "entity": "text", "title": "text", "needs": ["text"]},
        is_per_line=True,
    ),
    "heuristics show": Printed(
        "the header of a heuristic, with its query",
        {"id": "text", "code": "text", "title": "text", "sha256": "text", "query": "text", "*": "any"},
    ),
    "heuristics test": Printed(
        "what a test case of a heuristic gave",
        {"heuristic": "text", "case": "text", "kind": "text", "is_passed": "flag", "failures": ["text"]},
        is_per_line=True,
    ),
}  # fmt: skip

_NOTES = {"notes?": [{"time": "text", "by": "text", "status": "text?", "about": "any", "text": "text"}]}
_REVIEW = {
    "review?": [
        {
            "kind": "text",
            "target": "text",
            "status": "text?",
            "by": "text",
            "time": "text",
            "n_notes": "count",
            "about": "any",
        }
    ]
}

_LOOKUPS: dict[str, tuple[str, str, dict[str, Shape]]] = {
    "show": ("overview", "what was read and found", {"kind": "text", **_REVIEW}),
    "show health": ("health", "what is wrong with the log, and what that costs", {"kind": "text"}),
    "show tests": ("tests", "which tests ran, and why the others did not", {"kind": "text"}),
    "show reconcile": ("reconcile", "how the log compares with usage exports", {"kind": "text"}),
    "show campaign": ("campaign", "a campaign, or a group that was examined", {"kind": "text", "id": "text", **_NOTES}),
    "show account": ("account", "an account", {"kind": "text", "id": "text", **_NOTES}),
    "show heuristic": ("heuristic", "what a heuristic gave in this case", {"kind": "text", "id": "text"}),
    "show source": ("source", "a file of the evidence", {"kind": "text", "id": "text"}),
    "explain": ("explanation", "what speaks for and against an account", {"kind": "text", "id": "text", **_NOTES}),
    "compare": ("pair", "what ties two accounts and what tells them apart", {"kind": "text", "ids": ["text"]}),
}


@functools.cache
def printed() -> dict[str, Printed]:
    """Return what every reading command prints, by its words; columns of lookups are those of their queries."""
    from distilforensics.pipeline.lookup import columns_of

    found = dict(_OWN)
    for words, (folder, meaning, about) in _LOOKUPS.items():
        parts: dict[str, Shape] = {
            key: [{name: _value(kind) for name, kind in columns}] for key, columns in columns_of(folder).items()
        }
        found[words] = Printed(meaning, about | parts)
    return dict(sorted(found.items()))


def _value(kind: str) -> Shape:
    """Return the shape of a column of the engine; anything may be unknown."""
    if kind.endswith("[]"):
        return [_value(kind[:-2]).removesuffix("?")] if not kind.startswith("STRUCT") else ["any"]
    if kind in {"BIGINT", "INTEGER", "UBIGINT", "HUGEINT", "SMALLINT", "TINYINT"}:
        return "count?"
    if kind in {"DOUBLE", "FLOAT"} or kind.startswith("DECIMAL"):
        return "number?"
    return "flag?" if kind == "BOOLEAN" else "text?"


def schema_of(words: str) -> dict[str, Any]:
    """Return the JSON Schema of one value that a command prints."""
    about = printed()[words]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"distilforensics {words} --json",
        "description": about.meaning,
        **_schema(about.shape),
    }


def _schema(shape: Shape) -> dict[str, Any]:
    if isinstance(shape, list):
        # A list that a query gives may be unknown as a whole.
        return {"type": ["array", "null"], "items": _schema(shape[0])}
    if isinstance(shape, dict):
        named = {key: part for key, part in shape.items() if key != "*"}
        rest = _schema(shape["*"]) if "*" in shape else False
        return {
            "type": "object",
            "properties": {key.removesuffix("?"): _schema(part) for key, part in named.items()},
            "required": [key for key in named if not key.endswith("?")],
            "additionalProperties": rest,
        }
    if shape == "any":
        return {}
    word = _WORDS[shape.removesuffix("?")]
    return {"type": [word["type"], "null"]} if shape.endswith("?") else dict(word)


def schema_text(words: str) -> str:
    """Return the schema as it is written to a file."""
    return json.dumps(schema_of(words), indent=1) + "\n"


def file_name(words: str) -> str:
    """Return the name of the file that holds the schema of a command."""
    return f"{words.replace(' ', '-')}.schema.json"
