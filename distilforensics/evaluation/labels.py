"""Labels: which accounts belong to a known campaign and what the others are."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from distilforensics.core.errors import UsageError
from distilforensics.core.text import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_COLUMNS = ("account_id", "campaign_id", "role")
_HINT = "labels are CSV with the header account_id,campaign_id,role, or one JSON object with these keys per line"


@dataclass(frozen=True, slots=True)
class Label:
    """What is known of one account; `campaign_id` None means innocent."""

    account_id: str
    campaign_id: str | None
    role: str


def read_labels(path: Path) -> dict[str, Label]:
    """Return the labels by account id.

    Args:
        path: CSV with a header, or JSON lines. Columns account_id, campaign_id (empty or null: innocent) and role.

    Raises:
        UsageError: If the file is missing, is neither, lacks a column, is empty, or labels an account twice in different ways.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as e:
        raise UsageError("the labels file does not exist", where=str(path), hint=_HINT) from e
    except (IsADirectoryError, UnicodeDecodeError) as e:
        raise UsageError("the labels are not a UTF-8 text file", where=str(path), hint=_HINT) from e
    rows = _jsonl_rows(path, text) if text.lstrip().startswith("{") else _csv_rows(path, text)
    labels: dict[str, Label] = {}
    for where, label in rows:
        if labels.setdefault(label.account_id, label) != label:
            raise UsageError(
                f"account {shown(label.account_id)} is labelled a second time and differently", where=where
            )
    if not labels:
        raise UsageError("the labels file holds no labels", where=str(path), hint=_HINT)
    return labels


def _csv_rows(path: Path, text: str) -> Iterator[tuple[str, Label]]:
    reader = csv.DictReader(io.StringIO(text))
    _check_columns(str(path), reader.fieldnames or ())
    for row in reader:
        yield _label(f"{path}:{reader.line_num}", row)


def _jsonl_rows(path: Path, text: str) -> Iterator[tuple[str, Label]]:
    for number, line in enumerate(text.splitlines(), start=1):
        where = f"{path}:{number}"
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as e:
            raise UsageError(f"the line is not JSON: {shown(line)}", where=where, hint=_HINT) from e
        if not isinstance(row, dict):
            raise UsageError(f"the line is not a JSON object: {shown(line)}", where=where, hint=_HINT)
        _check_columns(where, row)
        yield _label(where, row)


def _check_columns(where: str, names: Iterable[str]) -> None:
    present = list(names)
    missing = [name for name in _COLUMNS if name not in present]
    if missing:
        raise UsageError(
            f"the labels lack {', '.join(missing)}, seen are {shown(', '.join(present))}", where=where, hint=_HINT
        )


def _label(where: str, row: dict[str, Any]) -> tuple[str, Label]:
    account_id = row["account_id"]
    if not isinstance(account_id, str) or not account_id:
        raise UsageError(f"account_id is {shown(account_id)}, expected a text that is not empty", where=where)
    campaign_id = row["campaign_id"]
    if campaign_id is not None and not isinstance(campaign_id, str):
        raise UsageError(f"campaign_id is {shown(campaign_id)}, expected a text, empty or null", where=where)
    return where, Label(account_id, campaign_id or None, str(row["role"] or "unknown"))
