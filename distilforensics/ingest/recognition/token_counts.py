"""Whether the counts of tokens in records without a known format hold those of the cache and of reasoning, or leave them out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from distilforensics.ingest.catalogue.aliases import WORDS, normalised

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def is_cache_left_out(columns: Mapping[str, str], records: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether fields of tokens are those of Anthropic, which counts cached tokens beside the input, or hold more cached than input tokens."""
    cached = [columns[target] for target in ("cache_read_tokens", "cache_write_tokens") if target in columns]
    if not cached or "input_tokens" not in columns:
        return False
    if _last(columns["input_tokens"]) == "inputtokens" and any(
        _last(name) in ("cachereadinputtokens", "cachecreationinputtokens") for name in cached
    ):
        return True
    return any(
        sum(_count(record.get(name)) for name in cached) > _count(record.get(columns["input_tokens"]))
        for record in records
    ) or _is_beside(columns, records, cached)


def is_reasoning_left_out(columns: Mapping[str, str], records: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether tokens of reasoning are counted beside those of the output: there are more of them, or the total says so."""
    reasoning, output = columns.get("reasoning_tokens"), columns.get("output_tokens")
    if reasoning is None or output is None:
        return False
    is_more = any(_count(record.get(reasoning)) > _count(record.get(output)) > 0 for record in records)
    return is_more or _is_beside(columns, records, [reasoning])


def _is_beside(columns: Mapping[str, str], records: Sequence[Mapping[str, Any]], parts: Sequence[str]) -> bool:
    """Tell whether a field with the total of tokens has some of them beside those of input and output, wherever there are any."""
    totals = [name for name in {name for record in records for name in record} if normalised(name) in WORDS["totals"]]
    told = [
        (
            _count(record.get(totals[0])),
            sum(_count(record.get(columns.get(name, ""))) for name in ("input_tokens", "output_tokens")),
            more,
        )
        for record in (records if len(totals) == 1 else ())
        if (more := sum(_count(record.get(name)) for name in parts)) > 0
    ]
    return bool(told) and all(total >= both + more > both for total, both, more in told)


def _count(value: object) -> int:
    try:
        return int(str(value))
    except ValueError:
        return 0


def _last(name: str) -> str:
    """Return the last part of a name or path, normalised."""
    return normalised(name.rstrip('"').replace('"', ".").rpartition(".")[2])
