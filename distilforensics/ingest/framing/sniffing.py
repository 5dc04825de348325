"""What a file is, told from its bytes: how its records are framed, and a sample of them for the detection of the format."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import orjson

from distilforensics.core.text import without_raw_bytes
from distilforensics.ingest.evidence.code_pages import as_text, code_page_of
from distilforensics.ingest.framing.documents import page_key, shape_of_document
from distilforensics.ingest.framing.listed_fields import sample_of
from distilforensics.ingest.framing.parquet_records import open_parquet
from distilforensics.ingest.framing.parquet_records import sample_of as rows_of_sample
from distilforensics.ingest.framing.records import Sniffed
from distilforensics.ingest.framing.repair import repair
from distilforensics.ingest.framing.wrappers import unwrapped_sample

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from distilforensics.ingest.evidence.decoding import DecodedStream
    from distilforensics.ingest.evidence.raw import RawFile

HEAD_BYTES = 1 << 20
"""Decoded bytes looked at in the beginning."""

PEEK_BYTES = 1 << 18
"""Bytes looked at in the middle and at the end of large files."""

SAMPLE_LINES = 64
"""Lines sampled at the beginning; half of that in the middle and at the end."""

BINARY_SHARE = 0.1
"""Share of control characters above which bytes are no text."""

_BINARY_MAGIC = {
    b"\x89PNG": "image", b"\xff\xd8\xff": "image", b"GIF8": "image", b"RIFF": "image or sound", b"%PDF": "PDF document",
    b"\x7fELF": "program", b"MZ": "program", b"SQLite format 3\0": "SQLite database", b"ARROW1": "Arrow file", b"Obj\x01": "Avro file",
}  # fmt: skip
_ARCHIVE_MAGIC = {b"PK\x03\x04": "ZIP", b"7z\xbc\xaf\x27\x1c": "7z", b"Rar!": "RAR"}
_SQL_DUMP = re.compile(
    rb"(?m)^(-- (PostgreSQL|MySQL) |-- MySQL dump|COPY .{1,2000}? FROM stdin;|INSERT INTO |CREATE TABLE |PRAGMA foreign_keys)"
)
_BESIDE_LOGS = re.compile(
    r"(readme|licen[cs]e|changelog|notice|contributing|labels?|ground.?truth|truth|expected|manifest|checksums?|sha256sums?)([._-].*)?"
    r"|.*\.(md|rst|html?|pdf|ya?ml|toml|ini|cfg|sha256|sha512|md5|sig|asc|py|sh|ipynb|svg|labels(\..*)?)|\..*",
    re.IGNORECASE,
)
_LIKE_JSON = re.compile(rb"\{|\[\s*(?:[\[{\"\]]|$)")
_FIRST_KEY = re.compile(rb'\{\s*"[^"\\]{1,80}"\s*:')
_BEFORE_RECORD = b"\0\xef\xbb\xbf\x1e \t\r\n"


SQL_DUMP_HINT = (
    "SQL dump; load it into a database and export the table of calls, with psql:"
    r" \copy (select row_to_json(t) from \"LiteLLM_SpendLogs\" t) to 'calls.jsonl'"
)


def is_beside_logs(name: str) -> bool:
    """Tell whether a file's name says that it accompanies logs and is none."""
    return _BESIDE_LOGS.fullmatch(name) is not None


@dataclass(frozen=True, slots=True)
class Judge:
    """What the formats say about sampled records, and what the examiner said about the file."""

    is_record: Callable[[Sequence[Any]], bool]
    """The records fit a format with high confidence."""
    fits: Callable[[Sequence[Any]], bool]
    """The records fit a format or are something else that is known, such as an accounts directory."""
    fits_inside: Callable[[Sequence[Any]], bool]
    """Likewise, by what lies inside of their fields."""
    is_forced: bool = False
    """The examiner named the format, so the file counts as a log whatever it looks like."""
    takes_any_csv: bool = False
    """The examiner named a format of objects, so a table is one of them whatever its header."""


def sniff(raw: RawFile, stream: DecodedStream, judge: Judge) -> Sniffed:
    """Return what a file is, and whether its records stand inside of others.

    Raises:
        InputRefusedError: it is Parquet and cannot be read.
    """
    return _unwrapped(_sniff(raw, stream, judge), judge)


def _unwrapped(sniffed: Sniffed, judge: Judge) -> Sniffed:
    """Note where sampled records only wrap others: they fit no format, and what they wrap does; or they are spans by names that others use as well."""
    if sniffed.records and not sniffed.is_wrapped:
        is_known = judge.fits(sniffed.records)
        inner = (unwrapped_sample(sniffed.records, only_spans=is_known) or [])[: 4 * SAMPLE_LINES]
        if not inner:
            return sniffed
        if (
            judge.is_record(inner)
            if is_known
            else judge.fits(inner) or (not judge.fits_inside(sniffed.records) and judge.fits_inside(inner))
        ):
            kind = "lines" if sniffed.kind == "text" else sniffed.kind
            return replace(sniffed, kind=kind, records=inner, is_wrapped=True)
    return sniffed


def _sniff(raw: RawFile, stream: DecodedStream, judge: Judge) -> Sniffed:
    """Return how a file is framed."""
    head = stream.peek(HEAD_BYTES)
    special = _by_magic(head, is_direct=stream.is_direct)
    if special is not None and special.kind == "parquet":
        table = open_parquet(raw)
        return replace(special, records=rows_of_sample(raw, table), table=table)
    if special is not None:
        return special
    body = head.lstrip(_BEFORE_RECORD)
    if not body and stream.damage is not None:
        return Sniffed("refused", f"nothing can be decoded: {stream.damage.detail}")
    if not body and not judge.is_forced:
        return Sniffed("ignored", "empty" if not head.strip(b"\0") else "no text but white space")
    if body.startswith(b"PGDMP") or _SQL_DUMP.match(body):
        return Sniffed("refused", SQL_DUMP_HINT)
    is_whole = len(head) < HEAD_BYTES
    lines = _sample_lines(head, is_whole=is_whole)
    if stream.is_direct and raw.size > HEAD_BYTES + 2 * PEEK_BYTES:
        for position in (raw.size // 2, raw.size - PEEK_BYTES):
            lines += _sample_lines(raw.peek_at(position, PEEK_BYTES).partition(b"\n")[2], is_whole=False)[
                : SAMPLE_LINES // 2
            ]
    if _LIKE_JSON.match(body):
        return _sniff_json(body, lines, judge)
    table = _sniff_csv(lines, judge)
    if table is not None and (judge.takes_any_csv or any(fit(table.records) for fit in _fits(judge))):
        return table
    text = _sniff_text(lines, is_binary=_is_binary(head) and not judge.is_forced)
    listed = [] if text.kind != "text" or judge.is_record(text.records) else sample_of(lines)
    if listed and judge.fits(listed):
        return Sniffed("text", records=listed, is_wrapped=True, has_listed_fields=True)
    if table is not None and text.kind == "text" and not judge.fits(text.records):
        return replace(text, header=table.header)
    return text


def _by_magic(head: bytes, *, is_direct: bool) -> Sniffed | None:
    if head.startswith(b"PAR1"):
        return Sniffed("parquet") if is_direct else Sniffed("refused", "compressed Parquet file; decompress it first")
    archive = next((name for magic, name in _ARCHIVE_MAGIC.items() if head.startswith(magic)), None)
    if head[257:262] == b"ustar":
        archive = "tar"
    if archive:
        return Sniffed("refused", f"{archive} archive; unpack it and give the folder")
    binary = next((name for magic, name in _BINARY_MAGIC.items() if head.startswith(magic)), None)
    return Sniffed("ignored", f"{binary}, not a log") if binary else None


def _is_binary(head: bytes) -> bool:
    text = head.replace(b"\0" * 16, b"").lstrip(b"\0")[:65_536]
    n_control = len(text) - len(text.translate(None, bytes([*range(9), 11, 12, *range(14, 27), *range(28, 30), 31])))
    return n_control > BINARY_SHARE * len(text)


def _sample_lines(block: bytes, *, is_whole: bool) -> list[bytes]:
    """Return the first whole lines of a block that are not blank."""
    lines = block.split(b"\n", SAMPLE_LINES * 4)
    if not is_whole or len(lines) > SAMPLE_LINES * 4:
        lines = lines[:-1]
    cleaned = (line.strip(_BEFORE_RECORD) for line in lines)
    return [line for line in cleaned if line][:SAMPLE_LINES]


def _object(text: bytes) -> Any:  # noqa: ANN401
    """Return what a text of JSON says; None for one with a number that no double holds, which the formats see as text."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


def _parsed(line: bytes) -> Any:  # noqa: ANN401
    """Return the object of a line, repaired if necessary, or its text."""
    line = line.rstrip(b", ")
    if line[:1] == b"{":
        try:
            value = orjson.loads(line)
        except orjson.JSONDecodeError:
            value = next((found for piece in repair(line) if (found := _object(piece.text or b"")) is not None), None)
        if isinstance(value, dict):
            return value
    return line.decode("utf-8", "replace")


def _sniff_json(body: bytes, lines: list[bytes], judge: Judge) -> Sniffed:
    is_array = body[:1] == b"[" and not (len(lines) > 1 and _is_whole_list(lines[0]))
    elements = [line.removeprefix(b"[").removesuffix(b"]") for line in lines] if is_array else lines
    records = [_parsed(line) for line in elements if line and line not in (b"[", b"]")]
    objects = [record for record in records if isinstance(record, dict)]
    key = page_key(objects[0]) if objects else None
    is_page = key is not None and not (judge.fits if "." in key else judge.is_record)(objects[:1])
    if objects and not is_page and (len(lines) > 1 or not is_array) and _is_by_line(lines, records, is_array=is_array):
        beginnings = {match[0] for line in elements if (match := _FIRST_KEY.match(line))}
        return Sniffed("lines", records=records, is_array=is_array, beginnings=tuple(sorted(beginnings)[:4]))
    document = shape_of_document(body)
    if document is not None:
        return Sniffed("document", records=document.sample, is_array=is_array, page_key=document.page_key)
    beginnings = {match[0] for line in elements if (match := _FIRST_KEY.match(line))}
    return Sniffed("lines", records=records, is_array=is_array, beginnings=tuple(sorted(beginnings)[:4]))


def _is_whole_list(line: bytes) -> bool:
    """Tell whether a line is a list by itself, so that the lines are records and not the elements of one list."""
    try:
        return isinstance(orjson.loads(line.rstrip(b", ")), list)
    except orjson.JSONDecodeError:
        return False


def _is_by_line(lines: list[bytes], records: list[Any], *, is_array: bool) -> bool:
    """Tell whether records stand one to a line, and not a document over many lines some of which happen to be objects."""
    if not is_array and (isinstance(records[0], dict) or _is_whole_list(lines[0])):
        return True
    if is_array and isinstance(records[0], dict) and (lines[0] == b"[" or lines[0].endswith(b",")):
        return True
    n_objects = sum(isinstance(record, dict) for record in records)
    return 2 * n_objects >= len(records)


_TITLE_LINES = 12
"""Lines before the header of a table that are looked through."""

_SEPARATOR = re.compile(r"sep=(.)", re.IGNORECASE)


def _sniff_csv(lines: list[bytes], judge: Judge) -> Sniffed | None:
    """Return the lines as a table: of a known format if they fit one, otherwise the widest; None if they are none."""
    code_page = code_page_of(lines, lines[:_TITLE_LINES])
    texts = [as_text(line, code_page) for line in lines]
    told = _SEPARATOR.fullmatch(texts[0].strip()) if texts else None
    delimiters = (told[1],) if told else (",", "\t", ";", "|")
    found = [
        table
        for n_preamble in range(1 if told else 0, min(_TITLE_LINES, len(texts)))
        for delimiter in delimiters
        if (table := _table("\n".join(texts[n_preamble:]), delimiter, n_preamble)) is not None
    ]
    known = next((table for fit in _fits(judge) for table in found if fit(table.records)), None)
    if known is None:
        first = [table for table in found if table.n_preamble == found[0].n_preamble]
        known = max(first, key=lambda table: len(table.header), default=None)
    return known and replace(known, code_page=code_page)


def _fits(judge: Judge) -> tuple[Callable[[list[Any]], bool], ...]:
    """Return the ways in which the rows of a table can be those of a log, the likelier ones first."""

    def wraps_log(records: list[Any]) -> bool:
        inner = unwrapped_sample(records)
        return inner is not None and judge.fits(inner)

    return judge.fits, wraps_log, judge.fits_inside


def _table(text: str, delimiter: str, n_preamble: int) -> Sniffed | None:
    first = text.partition("\n")[0]
    if delimiter not in first:
        return None
    is_copy_text = delimiter == "\t" and "\\N" in text
    is_padded = first.count(delimiter) == first.count(f"{delimiter} ")
    rows = (
        [row.split("\t") for row in text.split("\n")]
        if is_copy_text
        else _csv_rows(text, delimiter, is_padded=is_padded)
    )
    header = named(tuple(without_raw_bytes(cell.strip()) for cell in rows[0])) if rows else ()
    if len(header) < 2 or len(set(header)) < len(header) or not all(header):
        return None
    records = [_row_object(header, row) for row in rows[1:] if len(row) == len(header)]
    if not records:
        return None
    return Sniffed(
        "csv",
        records=records,
        delimiter=delimiter,
        header=header,
        n_preamble=n_preamble,
        is_copy_text=is_copy_text,
        is_padded=is_padded,
    )


def named(header: tuple[str, ...]) -> tuple[str, ...]:
    """Return a header with a name for its first column, which has none where rows are numbered, as R and pandas write them."""
    return ("row_number", *header[1:]) if header and not header[0] else header


def _row_object(header: tuple[str, ...], row: list[str]) -> dict[str, Any]:
    """Return a row as the object that it will become: empty cells are absent."""
    cells = map(without_raw_bytes, row)
    return {name: cell for name, cell in zip(header, cells, strict=True) if cell and cell != "\\N"}


def _csv_rows(text: str, delimiter: str, *, is_padded: bool) -> list[list[str]]:
    """Return the rows of a sample; the last one may be cut, so it is left out if it looks so."""
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=is_padded))
    except csv.Error:
        return []
    if is_padded:
        rows = [[cell.strip() for cell in row] for row in rows]
    return rows[:-1] if len(rows) > 2 and len(rows[-1]) != len(rows[0]) else rows


def _sniff_text(lines: list[bytes], *, is_binary: bool) -> Sniffed:
    records = [_parsed(line) for line in lines if not line.startswith(b"#")]
    n_objects = sum(isinstance(record, dict) for record in records)
    beginnings = {match[0] for line in lines if (match := _FIRST_KEY.match(line))}
    if n_objects:
        return Sniffed("lines", records=records, beginnings=tuple(sorted(beginnings)[:4]))
    if is_binary:
        return Sniffed("refused", "binary, no log format known for it")
    return Sniffed("text", records=records)
