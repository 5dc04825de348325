"""Independent readers of the written logs, and one small simulation in every format, shared by the tests of this folder.

The readers are plain standard library, so that a writer's mistake cannot hide in the program's own reader.
"""

import csv
import gzip
import io
import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
import zstandard

from distilforensics.simulate import WRITERS, simulate

NGINX = re.compile(
    r'(?P<ip>\S+) - (?P<account>\S+) \[(?P<time>[^]]+)\] "(?P<request>[^"]*)" (?P<status>\d{3}) (?P<bytes>\d+) "-" "(?P<agent>[^"]*)"'
)


def read_bytes(path: Path) -> bytes:
    """Return the content of a plain, gzip or zstd file."""
    data = path.read_bytes()
    if data[:2] == b"\x1f\x8b":
        return gzip.decompress(data)
    if data[:4] == b"\x28\xb5\x2f\xfd":
        return zstandard.ZstdDecompressor().decompressobj().decompress(data)
    return data


def json_lines(folder: Path, pattern: str) -> list[dict]:
    """Return the records of all JSON line files that match, in order of their paths."""
    return [json.loads(line) for path in sorted(folder.glob(pattern)) for line in read_bytes(path).splitlines()]


def csv_rows(path: Path) -> list[dict]:
    """Return the rows of a CSV file."""
    return list(csv.DictReader(io.StringIO(read_bytes(path).decode(), newline="")))


def nginx_lines(folder: Path) -> list[dict]:
    """Return the parsed lines of all rotated files, the oldest first."""
    paths = sorted(
        folder.glob("access.log*"),
        key=lambda path: -int(([*path.name.split("."), "0"])[2]) if path.name != "access.log" else 0,
    )
    lines = [line for path in paths for line in read_bytes(path).decode().splitlines()]
    matches = [NGINX.fullmatch(line) for line in lines]
    assert None not in matches
    return [match.groupdict() for match in matches]


def tree(folder: Path) -> dict[str, bytes]:
    """Return the content of every file below a folder by relative path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


@pytest.fixture(scope="session")
def reader():
    """The readers of this file."""
    return SimpleNamespace(
        read_bytes=read_bytes, json_lines=json_lines, csv_rows=csv_rows, nginx_lines=nginx_lines, tree=tree
    )


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    """The pool scenario at a fifth of its size over four days, its accounts spread over all formats."""
    out = tmp_path_factory.mktemp("simulated") / "small"
    summary = simulate("pool", out, seed=11, scale=0.2, days=4, formats=list(WRITERS))
    logs = out / "logs"
    return SimpleNamespace(
        out=out,
        summary=summary,
        description=json.loads((out / "scenario.json").read_text()),
        labels={row["account_id"]: row for row in csv_rows(out / "labels.csv")},
        directory={row["account_id"]: row for row in csv_rows(logs / "accounts.csv")},
        spendlogs=json_lines(logs, "litellm/*.jsonl"),
        payloads=json_lines(logs, "litellm-payload/*/*.jsonl"),
        bedrock=json_lines(logs, "bedrock/**/*.json.gz"),
        jsonl=json_lines(logs, "gateway/requests.jsonl"),
        csv=csv_rows(logs / "gateway" / "requests.csv"),
        hashed=csv_rows(logs / "gateway" / "hashed.csv"),
        nginx=nginx_lines(logs / "nginx"),
    )
