"""Labels: which accounts belong to a known campaign and what the others are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import polars as pl

from distilforensics.core.errors import UsageError
from distilforensics.core.text import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_COLUMNS = ("account_id", "campaign_id", "role")
_SCHEMA = {"line": pl.Int64, **dict.fromkeys(_COLUMNS, pl.String)}
_HINT = "labels are CSV with the header account_id,campaign_id,role, or one JSON object with these keys per line"
_HEADER_LINES = 1


def read_labels(path: Path) -> pl.DataFrame:
    """Return the labels ordered by account.

    Columns: `account_id`; `campaign_id`, the known campaign or null for an innocent account; `role`, never null.

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
    is_json = text.lstrip().startswith("{")
    rows = pl.DataFrame(_json_rows(path, text), _SCHEMA, orient="row") if is_json else _csv_rows(path, text)
    for line, account_id in rows.filter(pl.col("account_id").fill_null("") == "").select("line", "account_id").rows():
        raise UsageError(
            f"account_id is {shown(account_id or '')}, expected a text that is not empty", where=f"{path}:{line}"
        )
    labels = rows.with_columns(
        pl.when(pl.col("campaign_id") != "").then("campaign_id").alias("campaign_id"),
        pl.when(pl.col("role") != "").then("role").otherwise(pl.lit("unknown")).alias("role"),
    ).unique(_COLUMNS, keep="first", maintain_order=True)
    for line, account_id in (
        labels.filter(~pl.col("account_id").is_first_distinct()).select("line", "account_id").rows()
    ):
        raise UsageError(
            f"account {shown(account_id)} is labelled a second time and differently", where=f"{path}:{line}"
        )
    if labels.is_empty():
        raise UsageError("the labels file holds no labels", where=str(path), hint=_HINT)
    return labels.select(_COLUMNS).sort("account_id")


def _csv_rows(path: Path, text: str) -> pl.DataFrame:
    """Return the three columns as texts, empty fields as null, with the line of each row; lines without any value are left out."""
    try:
        rows = pl.read_csv(
            text.encode(),
            infer_schema=False,
            truncate_ragged_lines=True,
            row_index_name="line",
            row_index_offset=_HEADER_LINES + 1,
        )
    except pl.exceptions.NoDataError:
        rows = pl.DataFrame()
    except pl.exceptions.PolarsError as e:
        raise UsageError(f"the labels are no CSV: {shown(str(e).splitlines()[0])}", where=str(path), hint=_HINT) from e
    _check_columns(str(path), rows.columns)
    is_blank = pl.all_horizontal(pl.exclude("line").is_null())
    return rows.filter(~is_blank).select(pl.col(name).cast(kind) for name, kind in _SCHEMA.items())


def _json_rows(path: Path, text: str) -> Iterator[tuple[int, str, str | None, str | None]]:
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
        _check_types(where, row)
        yield number, row["account_id"], row["campaign_id"], str(row["role"] or "")


def _check_columns(where: str, names: Iterable[str]) -> None:
    present = [name for name in names if name != "line"]
    missing = [name for name in _COLUMNS if name not in present]
    if missing:
        raise UsageError(
            f"the labels lack {', '.join(missing)}, seen are {shown(', '.join(present))}", where=where, hint=_HINT
        )


def _check_types(where: str, row: dict[str, Any]) -> None:
    account_id, campaign_id = row["account_id"], row["campaign_id"]
    if not isinstance(account_id, str):
        raise UsageError(f"account_id is {shown(account_id)}, expected a text that is not empty", where=where)
    if campaign_id is not None and not isinstance(campaign_id, str):
        raise UsageError(f"campaign_id is {shown(campaign_id)}, expected a text, empty or null", where=where)
