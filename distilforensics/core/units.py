"""Numbers as people read them: counts, bytes, durations, shares. One notation for terminal and report."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

_BYTE_UNITS = ("B", "kB", "MB", "GB", "TB")

MIN_MEMORY = 448_000_000
"""Bytes of a memory limit; below this libraries, one row group and an engine that can sort it do not fit, as measured."""


def count(value: int) -> str:
    """Return an integer with thin grouping by commas, `28,812,004`."""
    return f"{value:,}"


def size(n_bytes: float) -> str:
    """Return bytes in decimal units with three significant digits, `1.25 GB`."""
    value = float(n_bytes)
    for unit in _BYTE_UNITS:
        if value < 1000 or unit == _BYTE_UNITS[-1]:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.3g} {unit}"
        value /= 1000
    raise AssertionError


_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z]*)")
_FACTORS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12} | {
    unit: 1 << (10 * power) for power, unit in enumerate(("KIB", "MIB", "GIB", "TIB"), start=1)
}


def parse_size(text: str) -> int:
    """Return the bytes that a size such as `8GB`, `512 MiB` or `4096` means.

    Raises:
        ValueError: it is no size; the message says what is expected.
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None or match[2].upper() not in _FACTORS:
        raise ValueError(f"{text!r} is no size, expected a number with B, kB, MB, GB, TB or KiB, MiB, GiB, TiB")
    return int(float(match[1]) * _FACTORS[match[2].upper()])


def duration(seconds: float) -> str:
    """Return seconds as `0.4 s`, `12 s`, `3 min 05 s` or `2 h 04 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def share(part: float, whole: float) -> str:
    """Return part of whole in per cent with one decimal; `n/a` for an empty whole; never rounds a rest away to `0.0 %` or `100.0 %`."""
    if not whole:
        return "n/a"
    value = 100 * part / whole
    if 0 < value < 0.05:
        return "< 0.1 %"
    if 99.95 <= value < 100:
        return "> 99.9 %"
    return f"{value:.1f} %"


def moment(value: datetime | None) -> str:
    """Return a naive UTC time as `2026-02-03 04:05:06 UTC`, or an en dash for none."""
    return "–" if value is None else f"{value:%Y-%m-%d %H:%M:%S} UTC"  # noqa: RUF001
