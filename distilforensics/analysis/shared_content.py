"""Finds what prompts have in common beyond exact beginnings and ends, and offers it to the feature queries as functions.

The order is: fingerprints of all texts, a sample of prompts, the passages and frames that the sample shares, and then a lookup of every
prompt. Memory is bounded by the sample, not by the log.
"""

from __future__ import annotations

import importlib.resources
import tomllib
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from duckdb.func import FunctionNullHandling, PythonUDFType

from distilforensics.analysis import shingles
from distilforensics.analysis.frames import FrameRules, Frames, Sample, find_frames, united
from distilforensics.core.sqlfile import common_parameters

if TYPE_CHECKING:
    from collections.abc import Callable

    import duckdb
    import numpy.typing as npt
    from duckdb.sqltypes import DuckDBPyType

    Numbers = npt.NDArray[np.int64]


@cache
def frame_rules() -> FrameRules:
    """Return what makes prompts one frame, from `frames.toml`."""
    text = (importlib.resources.files(__package__) / "frames.toml").read_text(encoding="utf-8")
    common = common_parameters()
    return FrameRules(
        **{
            name: (common[entry] if isinstance(entry, str) else entry)["default"]
            for name, entry in tomllib.loads(text).items()
        }
    )


def offer_functions(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the macros and the fingerprint functions that queries use known to the engine."""
    connection.execute((importlib.resources.files(__package__) / "macros.sql").read_text(encoding="utf-8"))
    _offer(connection, "passages", shingles.passages, ["VARCHAR"], "BIGINT[]")
    _offer(connection, "wording", shingles.wording, ["VARCHAR"], "BIGINT[]")
    _offer(connection, "first_passage", shingles.first_passage, ["VARCHAR"], "BIGINT")
    _offer(connection, "last_passage", shingles.last_passage, ["VARCHAR"], "BIGINT")
    _offer(connection, "common_passage", shingles.common_passage, ["VARCHAR", "VARCHAR", "BIGINT"], "VARCHAR")


def create_shared_content(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `shared_content`: the frame and the passage that each exchange shares with many accounts, for exchanges that have one."""
    rules = frame_rules()
    frames = _frames(connection, rules)
    found = connection.execute(
        "select passage, place, priority from shared_passages order by passage, place"
    ).fetchnumpy()
    _offer(connection, "near_frame", lambda wording: _best_frame(frames, rules, wording), ["BIGINT[]"], "BIGINT")
    for place, name in enumerate(("prompt_passage", "system_passage")):
        is_here = found["place"] == place
        known, priority = found["passage"][is_here], found["priority"][is_here]
        _offer(connection, name, _passage_lookup(known, priority), ["BIGINT[]"], "BIGINT")
    connection.execute(
        "DROP TABLE sampled_prompts"
    )  # the largest of what is no longer needed while every prompt is looked up
    connection.execute(
        "CREATE TABLE looked_up AS SELECT record_id, account_id, near_frame(prompt_wording) AS frame_no,"
        " coalesce(prompt_passage(prompt_passages), system_passage(system_passages)) AS passage FROM fingerprints"
    )
    connection.register("frame_ids", _united_ids(connection, frames, rules))
    connection.execute(
        "CREATE TABLE shared_content AS"
        " SELECT record_id, near_template, 'passage:' || printf('%016x', passage) AS passage_template"
        " FROM looked_up LEFT JOIN frame_ids USING (frame_no) WHERE frame_no IS NOT NULL OR passage IS NOT NULL"
    )
    connection.unregister("frame_ids")
    connection.execute("DROP TABLE looked_up")


def _offer(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    function: Callable[..., pa.Array],
    takes: list[str | DuckDBPyType],
    gives: str,
) -> None:
    connection.create_function(
        name, function, list(takes), gives, type=PythonUDFType.ARROW, null_handling=FunctionNullHandling.SPECIAL
    )


def _frames(connection: duckdb.DuckDBPyConnection, rules: FrameRules) -> Frames:
    weights = connection.execute("select wording, millibits from shared_wording order by wording").fetchnumpy()
    prompts = connection.execute(
        "select account_no, prompt_begin, prompt_end from sampled_prompts order by prompt_no"
    ).fetchnumpy()
    pairs = connection.execute(
        "with held as (select prompt_no, unnest(prompt_wording) as wording from sampled_prompts)"
        " select prompt_no, wording from held semi join shared_wording using (wording) order by prompt_no, wording"
    ).fetchnumpy()
    sample = Sample(
        _numbers(pairs["prompt_no"]),
        _numbers(pairs["wording"]),
        _numbers(prompts["account_no"]),
        _numbers(prompts["prompt_begin"]),
        _numbers(prompts["prompt_end"]),
    )
    return find_frames(sample, (_numbers(weights["wording"]), _numbers(weights["millibits"])), rules)


def _united_ids(connection: duckdb.DuckDBPyConnection, frames: Frames, rules: FrameRules) -> pa.Table:
    """Return the template of every frame; frames of mostly the same accounts have one."""
    pairs = connection.execute(
        "with pairs as (select distinct frame_no, account_id from looked_up where frame_no is not null)"
        " select frame_no, dense_rank() over (order by account_id) - 1 as account_no from pairs order by frame_no, account_no"
    ).fetchnumpy()
    first = united(_numbers(pairs["frame_no"]), _numbers(pairs["account_no"]), len(frames.ids), rules)
    return pa.table(
        {
            "frame_no": pa.array(range(len(frames.ids)), pa.int64()),
            "near_template": pa.array([frames.ids[number] for number in first], pa.string()),
        }
    )


def _numbers(values: npt.ArrayLike) -> Numbers:
    return np.asarray(values, dtype=np.int64)


def _best_frame(frames: Frames, rules: FrameRules, wording: pa.Array | pa.ChunkedArray) -> pa.Array:
    prompts, values, n_prompts = _flat(wording)
    best = frames.best(prompts, values, n_prompts, rules)
    return pa.array(best, pa.int64(), mask=best < 0)


def _passage_lookup(known: Numbers, priority: Numbers) -> Callable[[pa.Array | pa.ChunkedArray], pa.Array]:
    """Return a function that gives the known passage with the lowest priority number of every list."""
    by_priority = known[np.argsort(priority)]
    rank = np.argsort(np.argsort(priority))

    def lookup(passages: pa.Array | pa.ChunkedArray) -> pa.Array:
        texts, values, n_texts = _flat(passages)
        best = np.full(n_texts, len(known), np.int64)
        place = np.searchsorted(known, values)
        is_known = place < len(known)
        is_known[is_known] = known[place[is_known]] == values[is_known]
        np.minimum.at(best, texts[is_known], rank[place[is_known]])
        is_none = best == len(known)
        return pa.array(np.append(by_priority, 0)[best], pa.int64(), mask=is_none)

    return lookup


def _flat(lists: pa.Array | pa.ChunkedArray) -> tuple[Numbers, Numbers, int]:
    """Return for every value of the lists the number of its list, the values, and the number of lists."""
    array = lists.combine_chunks() if isinstance(lists, pa.ChunkedArray) else lists
    sizes = np.asarray(pc.fill_null(pc.list_value_length(array), 0), dtype=np.int64)
    return np.repeat(np.arange(len(array)), sizes), np.asarray(array.flatten(), dtype=np.int64), len(array)
