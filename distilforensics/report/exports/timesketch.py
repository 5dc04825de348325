"""Timelines for Timesketch: one event per request of a campaign's accounts, as CSV or JSON lines.

The columns `message`, `datetime` and `timestamp_desc` are those that Timesketch asks for; the others become fields. Cells that a
spreadsheet would take for a formula begin with an apostrophe; the JSON lines carry the values as they are.
"""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

from distilforensics.core.text import csv_cell
from distilforensics.report.exports.contents import iso, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from distilforensics.report.exports.contents import Material

_FIELDS = (
    "account_id", "campaign_id", "status", "model", "input_tokens", "output_tokens", "request_id", "client_ip", "user_agent",
    "record_id", "path", "source_line", "source_sha256", "raw_sha256",
)  # fmt: skip
COLUMNS = ("message", "datetime", "timestamp_desc", *_FIELDS, "tag")


def events(material: Material) -> Iterator[dict[str, Any]]:
    """Yield one event per request of a member."""
    for row in material.requests():
        kind = (
            f"request of {row['campaign_id']}"
            if row["is_own"]
            else f"other request of an account in {row['campaign_id']}"
        )
        answer = f", {row['output_tokens']:,} output tokens" if row["output_tokens"] is not None else ""
        yield {
            "message": f"{kind}: account {text(row['account_id'])}, {text(row['model']) or 'model not logged'}, {text(row['status'])}{answer}",
            "datetime": iso(row["started_at"]),
            "timestamp_desc": "Request Sent",
            **{key: row[key] if row[key] is None or isinstance(row[key], int) else text(row[key]) for key in _FIELDS},
            "tag": ["distilforensics", "of the pattern" if row["is_own"] else "other traffic"],
        }


def csv_lines(material: Material) -> Iterator[bytes]:
    """Yield the lines of the CSV file."""
    sink = io.StringIO(newline="")
    writer = csv.writer(sink, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(COLUMNS)
    for event in events(material):
        cells = event | {"tag": ",".join(event["tag"])}
        writer.writerow([value if isinstance(value, int) else csv_cell(value) for value in map(cells.get, COLUMNS)])
        if sink.tell() > 1 << 16:
            yield sink.getvalue().encode("utf-8", "backslashreplace")
            sink.seek(0)
            sink.truncate()
    yield sink.getvalue().encode("utf-8", "backslashreplace")


def json_lines(material: Material) -> Iterator[bytes]:
    """Yield one JSON object per line."""
    for event in events(material):
        yield json.dumps(event, sort_keys=True, allow_nan=False).encode() + b"\n"
