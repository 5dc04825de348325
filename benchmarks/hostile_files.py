"""Damaged and made-up logs: whatever is in one, it is read, quarantined or refused in sentences, and the balance closes.

    python benchmarks/hostile_files.py --minutes 60 --folder FOLDER

Every round takes some of the samples that come with the formats, changes them (bytes flipped, cut, repeated or spliced, values of other shapes,
escape sequences, other encodings, packed and damaged, names that are hostile), adds one honest log and reads them into a case; every fifth round
runs all stages and verifies the case. Printed and kept are rounds with a traceback, an internal error, a raw control character in the output, a
file opened for writing outside of the case and the temporary folder, an attempt to use the network, a balance that does not close, a record of
the honest log that is missing, or a case that is not intact. Exit code 1 if there were any.
"""

from __future__ import annotations

import argparse
import bz2
import gzip
import io
import json
import lzma
import random
import shutil
import subprocess
import sys
import tarfile
import time
import zipfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import zstandard
from guard import reports_of, run_guarded
from hostile_cases import HOSTILE, MAY_STAND, SHAPES

import distilforensics

if TYPE_CHECKING:
    from collections.abc import Callable

TOKENS = (
    *(text.encode("utf-8", "surrogatepass") for text in HOSTILE),
    b"\xff\xfe",
    b"\x00" * 40,
    b"\n",
    b"\r",
    b'"',
    b"{" * 3000,
    b"[" * 3000 + b"]" * 3000,
    b"9" * 400,
    b"1e999",
    b"-0",
    b"NaN",
    b"\\ud800",
    b'"\n{"a":1}\n',
    b"9999-99-99T99:99:99Z",
    b"'; drop table lines; --",
    b"\xef\xbb\xbf",
    b"\x1f\x8b\x08",
    b"PK\x03\x04",
    b"PAR1",
)
"""What is put into the middle of a file."""

NAMES = ("{n}{x}", "-{n}{x}", "{n} $(id){x}", "\x1b[2J{n}{x}", "a\nb{n}{x}", "\u202e{n}{x}", "'{n}\"{x}", "*?[{n}]{x}")
"""Names of files; `{n}` is a number and `{x}` the extension."""

HONEST = [
    {"request_id": f"honest-{n}", "call_type": "acompletion", "user": f"honest-{n % 7}", "model": "m", "spend": 0.1, "total_tokens": 9,
     "prompt_tokens": 4, "completion_tokens": 5, "startTime": f"2026-03-0{1 + n % 9}T10:00:{n:02d}Z", "endTime": f"2026-03-0{1 + n % 9}T10:01:00Z"}
    for n in range(40)
]  # fmt: skip


def samples() -> list[Path]:
    """Return the samples of all formats."""
    formats = Path(distilforensics.__file__).parent / "ingest" / "formats"
    return sorted(formats.glob("*/sample*"))


def _flip(content: bytearray, rng: random.Random) -> bytearray:
    for _ in range(rng.choice((1, 4, 40))):
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    return content


def _cut(content: bytearray, rng: random.Random) -> bytearray:
    start = rng.randrange(len(content))
    del content[start : start + rng.choice((1, 10, len(content)))]
    return content


def _insert(content: bytearray, rng: random.Random) -> bytearray:
    for _ in range(rng.choice((1, 1, 5))):
        place = rng.randrange(len(content) + 1)
        content[place:place] = rng.choice(TOKENS)
    return content


def _repeat(content: bytearray, rng: random.Random) -> bytearray:
    start = rng.randrange(len(content))
    return content[:start] + content[start : start + rng.choice((3, 200))] * rng.choice((2, 50, 2000)) + content[start:]


def _splice(content: bytearray, rng: random.Random) -> bytearray:
    other = rng.choice(samples()).read_bytes()
    return content[: rng.randrange(len(content) + 1)] + other[rng.randrange(len(other)) :]


def _reshaped(value: object, rng: random.Random) -> bytearray:
    place: Any = value
    while isinstance(place, (dict, list)) and place:
        key = rng.choice(list(place) if isinstance(place, dict) else range(len(place)))
        if not isinstance(place[key], (dict, list)) or not place[key] or rng.random() < 0.3:
            place[key] = rng.choice(SHAPES)
            if isinstance(place, dict) and rng.random() < 0.2:
                place[rng.choice(HOSTILE)] = place.pop(key)
            break
        place = place[key]
    return bytearray(json.dumps(value, ensure_ascii=rng.random() < 0.7).encode("utf-8", "surrogatepass"))


def _reshape(content: bytearray, rng: random.Random) -> bytearray:
    """Replace some values in lines of JSON by values of another shape; other lines stay."""
    lines = content.split(b"\n")
    for number in rng.sample(range(len(lines)), min(len(lines), rng.choice((1, 3, 100)))):
        try:
            lines[number] = _reshaped(json.loads(lines[number]), rng)
        except (ValueError, RecursionError):
            continue  # no JSON, or nested deeper than this interpreter follows
    return bytearray(b"\n".join(lines))


def _swap(content: bytearray, rng: random.Random) -> bytearray:
    """Exchange two pieces between commas or spaces: rows of tables and access logs with fields in the wrong places."""
    separator = rng.choice((b",", b" ", b"\n", b'"'))
    pieces = content.split(separator)
    for _ in range(rng.choice((1, 5))):
        one, two = rng.randrange(len(pieces)), rng.randrange(len(pieces))
        pieces[one], pieces[two] = pieces[two], pieces[one]
    return bytearray(separator.join(pieces))


def _encode(content: bytearray, rng: random.Random) -> bytearray:
    text = content.decode("utf-8", "replace")
    return bytearray(text.encode(rng.choice(("utf-16", "utf-16-be", "utf-32", "cp1252", "utf-7", "cp500")), "replace"))


CHANGES: tuple[Callable[[bytearray, random.Random], bytearray], ...] = (
    _flip, _cut, _insert, _insert, _repeat, _splice, _reshape, _reshape, _reshape, _swap, _encode
)  # fmt: skip


def _zip(content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../outside.jsonl", content)
        archive.writestr("logs/inside.jsonl", content)
    return packed.getvalue()


def _tar(content: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, kind in (
            ("../../outside.jsonl", tarfile.REGTYPE),
            ("link", tarfile.SYMTYPE),
            ("fifo", tarfile.FIFOTYPE),
        ):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "/etc/passwd"
            member.size = len(content) if kind == tarfile.REGTYPE else 0
            archive.addfile(member, io.BytesIO(content) if member.size else None)
    return packed.getvalue()


PACKED: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".zst": zstandard.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zip": _zip,
    ".tar.gz": _tar,
}


def write_round(folder: Path, rng: random.Random) -> list[str]:
    """Write hostile logs and one honest into a folder; return what was done."""
    folder.mkdir()
    what = []
    for number in range(rng.choice((2, 6, 12))):
        sample = rng.choice(samples())
        content = bytearray(sample.read_bytes())
        if rng.random() < 0.2:
            content = (content + b"\n") * rng.choice((20, 300))
        steps = [rng.choice(CHANGES) for _ in range(rng.choice((1, 2, 4)))]
        for step in steps:
            content = step(content, rng) if content else content
        name = rng.choice(NAMES[:1] * 6 + NAMES[1:]).format(n=number, x=sample.suffix)
        if rng.random() < 0.25:
            extension = rng.choice(sorted(PACKED))
            content = bytearray(PACKED[extension](bytes(content)))
            name += extension
            if rng.random() < 0.5:
                content = rng.choice((_flip, _cut, _insert))(content, rng)
        (folder / name).write_bytes(content)
        what.append(f"{sample.parent.name} {'+'.join(step.__name__.strip('_') for step in steps)} {name!a}")
    lines = [json.dumps(record) for record in HONEST]
    (folder / "honest.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return what


def faults(folder: Path, *, is_whole: bool) -> list[str]:
    """Read the logs of a round and return what must not happen."""
    case = folder / "case"
    commands = [("run" if is_whole else "ingest", str(folder / "logs"), "--case", str(case), "--max-line", "1MiB")]
    if is_whole:
        commands.append(("verify", str(case)))
    found = []
    for command in commands:
        before = {path.name for path in folder.iterdir()} | {"case", "guard"}
        limits = ("--threads", "1", "--memory-limit", "1GB") if command[0] != "verify" else ()
        try:
            done = run_guarded(["-m", "distilforensics", *command, *limits], folder, [case], 900)
        except subprocess.TimeoutExpired:
            found.append(f"{command[0]}: no end within fifteen minutes")
            continue
        said = (done.stdout + done.stderr).decode("utf-8", "replace")
        if "Traceback" in said or done.returncode not in {0, 3}:
            found.append(f"{command[0]}: exit code {done.returncode}\n{said[-3000:]}")
        if any((ord(c) < 32 and c not in MAY_STAND) or 127 <= ord(c) < 160 or c == "\u202e" for c in said):
            found.append(f"{command[0]}: a raw control character\n{said!a:.2000}")
        found += [f"{command[0]}: {line}" for line in reports_of(said)]
        if new := {path.name for path in folder.iterdir()} - before:
            found.append(f"{command[0]}: new files {sorted(new)}")
    if not found:
        found += _contradictions(case)
    return found


def _contradictions(case: Path) -> list[str]:
    """Return what is wrong with the tables of a case."""
    found = []
    with duckdb.connect() as connection:
        sources = connection.execute(
            "select path, n_read, n_kept, n_quarantined, n_duplicate, n_out_of_scope from read_parquet(?)",
            [str(case / "data" / "sources.parquet")],
        ).fetchall()
        for path, read, *rest in sources:
            if read is not None and read != sum(n or 0 for n in rest):
                found.append(f"the balance of {path!a} does not close: {read} and {rest}")
        exchanges = case / "data" / "exchanges"
        places = [str(exchanges / "*.parquet")] if exchanges.is_dir() and any(exchanges.glob("*.parquet")) else []
        kept = 0
        if places:
            row = connection.execute(
                "select count(distinct request_id) from read_parquet(?) where request_id like 'honest-%'", places
            ).fetchone()
            kept = row[0] if row else 0
        if kept != len(HONEST):
            found.append(f"{len(HONEST) - kept} honest records are missing")
    return found


def main() -> int:
    """Run until the time is up."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, help="end after so many rounds")
    parser.add_argument("--folder", type=Path, required=True)
    chosen = parser.parse_args()
    folder = chosen.folder.resolve()
    folder.mkdir(parents=True)
    (folder / "tmp").mkdir()
    end = time.monotonic() + 60 * chosen.minutes
    counts: Counter[str] = Counter()
    seed = chosen.seed
    while time.monotonic() < end and counts["rounds"] != chosen.rounds:
        rng = random.Random(seed)
        for name in ("logs", "case"):
            shutil.rmtree(folder / name, ignore_errors=True)
        what = write_round(folder / "logs", rng)
        for fault in faults(folder, is_whole=seed % 5 == 0):
            counts["faults"] += 1
            print(f"seed {seed}: {'; '.join(what)}\n  {fault}", flush=True)
        counts["rounds"] += 1
        counts["files"] += len(what)
        seed += 1
    print(f"{counts['rounds']} rounds, {counts['files']} hostile files, {counts['faults']} faults")
    return 1 if counts["faults"] else 0


if __name__ == "__main__":
    sys.exit(main())
