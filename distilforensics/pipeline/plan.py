"""What a run over logs will take, told before it: rows and texts from the beginning of some files, time and memory from measured runs."""

from __future__ import annotations

import importlib.resources
import json
import math
import shutil
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distilforensics.ingest.evidence.decoding import DecodedStream
from distilforensics.ingest.evidence.inputs import expand
from distilforensics.ingest.evidence.raw import RawFile
from distilforensics.ingest.inspection import IdleHashing, inspect_sources

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from distilforensics.case.engines.duckdb import Limits
    from distilforensics.ingest.evidence.inputs import InputFile
    from distilforensics.ingest.inspection import Inspection
    from distilforensics.ingest.options import IngestOptions

SAMPLED_FILES = 200
"""Files that are looked into, evenly through the list; the others are taken to be like them, byte for byte."""

SAMPLE_BYTES = 32_000_000
"""Decoded bytes from which the ratio of compression is told."""

RECORD_BYTES = 250
"""Bytes of a record where a file does not tell, as in Parquet."""

MANY_SECONDS = 12 * 3600
"""A run of more than a night is said to be too long for one machine."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run is expected to take with the given limits."""

    n_files: int
    n_bytes: int
    n_bytes_decoded: int
    n_exchanges: int
    has_text: bool
    cpu_s: float
    wall_s: float
    peak_bytes: int
    case_bytes: int
    free_bytes: int
    """Free on the disk of the working folder."""
    is_extrapolated: bool
    """More exchanges than any run that was measured."""
    warnings: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the plan as data for JSON."""
        return asdict(self)


def plan(inputs: Sequence[str], options: IngestOptions, limits: Limits) -> Plan:
    """Return what a run over the inputs is expected to take.

    Raises:
        UsageError: an input names nothing, or an option cannot be used.
    """
    files = expand(inputs, Path("/.no-case"))
    step = max(1, math.ceil(len(files) / SAMPLED_FILES))
    sampled = files[::step]
    found = inspect_sources([file.path for file in sampled], options)
    by_path = {inspection.path: inspection for inspection in found}
    looked_at = [(file, by_path[file.path]) for file in sampled if file.path in by_path]
    measured = _slopes()
    rows = decoded = read_cpu = text_rows = 0.0
    for file, inspection in looked_at:
        if inspection.role == "log":
            n_bytes = file.n_bytes * _ratio(file, inspection, options)
            n_rows = n_bytes / (inspection.record_bytes or RECORD_BYTES) * _kept(inspection)
            rows, decoded = rows + n_rows, decoded + n_bytes
            text_rows += n_rows * inspection.fill.get("prompt_text", 0.0)
            read_cpu += n_bytes / 1e9 * measured["ingest_cpu_s_per_gb"][_reading(inspection)]
    all_bytes, sampled_bytes = (sum(file.n_bytes for file in chosen) for chosen in (files, sampled))
    factor = all_bytes / sampled_bytes if sampled_bytes else 1.0
    n_exchanges, share_of_text = round(rows * factor), text_rows / rows if rows else 0.0
    points = measured["analysis"]["text" if share_of_text > 0.1 else "metadata"]
    expected = {name: _at(points, name, n_exchanges) for name in ("cpu_s", "wall_s", "peak_bytes", "case_bytes")}
    cpu = expected["cpu_s"] + read_cpu * factor + measured["ingest_start_cpu_s"]
    # Wall time of the measured runs on two threads tells how much of the work more threads share.
    alone = min(1.0, max(0.1, 2 * expected["wall_s"] / max(expected["cpu_s"], 0.001) - 1))
    wall = cpu * (alone + (1 - alone) / limits.threads)
    free = shutil.disk_usage(Path.cwd()).free
    needed = max(round(_least_memory(points) * n_exchanges), 512_000_000)
    return Plan(
        len(files), all_bytes, round(decoded * factor), n_exchanges, share_of_text > 0.1, round(cpu, 1), round(wall, 1),
        round(min(expected["peak_bytes"], limits.memory_bytes)), round(expected["case_bytes"]), free,
        n_exchanges > points[-1]["exchanges"], tuple(_warnings(limits, needed, wall, expected["case_bytes"], free)),
    )  # fmt: skip


def _warnings(limits: Limits, needed: int, wall: float, case_bytes: float, free: int) -> Iterable[str]:
    from distilforensics.core import units

    if needed > limits.memory_bytes:
        yield f"more memory is needed than the limit: {units.size(needed)} were enough for as many exchanges; the limit is {units.size(limits.memory_bytes)}"
    if 2 * case_bytes > free:
        yield f"the case and what is spilled while it is made need some {units.size(2 * case_bytes)}, and {units.size(free)} are free here"
    if wall > MANY_SECONDS:
        yield f"one machine is not enough to have it within {units.duration(MANY_SECONDS)}; split the logs by period and examine each"


def _slopes() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((importlib.resources.files(__package__) / "slopes.json").read_text("utf-8"))
    return found


def _at(points: Sequence[Mapping[str, float]], name: str, exchanges: int) -> float:
    """Return a measured quantity at a number of exchanges: in proportion below the first point, on the line of logarithms between and beyond."""
    first, *_ = points
    if exchanges <= first["exchanges"] or len(points) == 1:
        return first[name] * max(exchanges / first["exchanges"], 0.05)
    lower, upper = next(
        (pair for pair in pairwise(points) if exchanges <= pair[1]["exchanges"]), (points[-2], points[-1])
    )
    exponent = math.log(upper[name] / lower[name]) / math.log(upper["exchanges"] / lower["exchanges"])
    return float(upper[name] * (exchanges / upper["exchanges"]) ** exponent)


def _least_memory(points: Sequence[Mapping[str, float]]) -> float:
    """Return the bytes of the limit per exchange with which the longest measured log got by; 0 if it needed far less than the limit."""
    last = points[-1]
    return last["memory_limit"] / last["exchanges"] if last["peak_bytes"] > 0.8 * last["memory_limit"] else 0.0


def _kept(inspection: Inspection) -> float:
    """Return the share of records that become exchanges."""
    lost = inspection.n_refused + inspection.n_out_of_scope
    return 1 - lost / inspection.n_sampled if inspection.n_sampled else 1.0


def _reading(inspection: Inspection) -> str:
    """Return by which of the measured ways a file is read."""
    form = inspection.format or ""
    return "text" if form.startswith("nginx") else "csv" if Path(inspection.path).match("*.csv*") else "json"


def _ratio(file: InputFile, inspection: Inspection, options: IngestOptions) -> float:
    """Return decoded bytes per byte of a file, told from its beginning."""
    if inspection.compression in (None, "none"):
        return 1.0
    raw = RawFile(Path(file.path), IdleHashing(), lambda _: None)
    try:
        stream, n_decoded, place = DecodedStream(raw, options), 0, memoryview(bytearray(1 << 16))
        while n_decoded < SAMPLE_BYTES and (n := stream.readinto(place)):
            n_decoded += n
        return n_decoded / max(1, min(raw.n_bytes, file.n_bytes))
    finally:
        raw.close()
