"""Plain tables of a home-made gateway, as JSON lines and as CSV, with obvious column names."""

from __future__ import annotations

import csv
import hashlib
import io
from typing import TYPE_CHECKING, Any

import orjson

from distilforensics.simulate.writers.files import LogFile
from distilforensics.simulate.writers.rendering import iso_milliseconds

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from distilforensics.simulate.exchange import Exchange

COLUMNS = (
    "timestamp", "request_id", "account_id", "tenant_id", "end_user", "model", "input_tokens", "output_tokens", "max_tokens", "temperature",
    "stream", "status", "finish_reason", "latency_ms", "client_ip", "user_agent", "system_prompt", "prompt", "response",
)  # fmt: skip

_TEXTS = ("system", "prompt", "response")
HASHED_COLUMNS = (
    *(name for name in COLUMNS if name not in {"system_prompt", "prompt", "response"}),
    "system_sha256", "prompt_sha256", "prompt_chars", "response_sha256", "response_chars",
)  # fmt: skip


class GenericJsonl:
    """Writes `gateway/requests.jsonl`; several turns are kept in `messages`."""

    n_other_lines = 0

    def __init__(self, folder: Path, compression: str, _n_days: int, _start: int) -> None:
        self._file = LogFile(folder / "gateway" / "requests.jsonl", compression)

    def write(self, exchange: Exchange, token: str) -> None:
        """Append one row; `token` is unique to the exchange."""
        row = _row(exchange, token)
        if len(exchange.request.messages) > 1:
            row["messages"] = [{"role": role, "content": content} for role, content in exchange.request.messages]
        self._file.write(orjson.dumps(row) + b"\n")

    def close(self) -> None:
        """Finish the file."""
        self._file.close()


class GenericCsv:
    """Writes `gateway/requests.csv` with a header; line breaks inside of quoted cells occur."""

    n_other_lines = 0
    _name = "requests.csv"
    _columns: tuple[str, ...] = COLUMNS

    def __init__(self, folder: Path, compression: str, _n_days: int, _start: int) -> None:
        self._file = LogFile(folder / "gateway" / self._name, compression)
        self._write_row(self._columns)

    def write(self, exchange: Exchange, token: str) -> None:
        """Append one row; `token` is unique to the exchange."""
        row = self._row(exchange, token)
        self._write_row(
            [
                "" if row[name] is None else str(row[name]).lower() if isinstance(row[name], bool) else row[name]
                for name in self._columns
            ]
        )

    def close(self) -> None:
        """Finish the file."""
        self._file.close()

    def _row(self, exchange: Exchange, token: str) -> dict[str, Any]:
        return _row(exchange, token)

    def _write_row(self, cells: Iterable[object]) -> None:
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow(cells)
        self._file.write(line.getvalue().encode())


class GenericHashed(GenericCsv):
    """Writes `gateway/hashed.csv`: the same without texts, which are replaced by their SHA-256 and their length."""

    _name = "hashed.csv"
    _columns = HASHED_COLUMNS

    def _row(self, exchange: Exchange, token: str) -> dict[str, Any]:
        row = _row(exchange, token)
        for name in _TEXTS:
            content = row[f"{name}_prompt" if name == "system" else name]
            row[f"{name}_sha256"] = None if content is None else hashlib.sha256(content.encode()).hexdigest()
            row[f"{name}_chars"] = None if content is None else len(content)
        return row


def _row(exchange: Exchange, token: str) -> dict[str, Any]:
    request, sampling = exchange.request, exchange.request.sampling
    return {
        "timestamp": iso_milliseconds(exchange.started_at),
        "request_id": f"req_{token[:20]}",
        "account_id": exchange.account.account_id,
        "tenant_id": exchange.account.tenant_id,
        "end_user": request.end_user,
        "model": request.model,
        "input_tokens": exchange.input_tokens,
        "output_tokens": exchange.output_tokens,
        "max_tokens": sampling.max_tokens,
        "temperature": sampling.temperature,
        "stream": sampling.stream,
        "status": exchange.status,
        "finish_reason": exchange.finish_reason,
        "latency_ms": (exchange.ended_at - exchange.started_at) // 1000,
        "client_ip": exchange.client.ip,
        "user_agent": exchange.client.user_agent,
        "system_prompt": request.system,
        "prompt": request.messages[-1][1],
        "response": exchange.answer if exchange.status == 200 else None,
    }
