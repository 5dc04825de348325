"""Plain tables of a home-made gateway, as JSON lines and as CSV, with obvious column names."""

from __future__ import annotations

import csv
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

    def __init__(self, folder: Path, compression: str, _n_days: int, _start: int) -> None:
        self._file = LogFile(folder / "gateway" / "requests.csv", compression)
        self._write_row(COLUMNS)

    def write(self, exchange: Exchange, token: str) -> None:
        """Append one row; `token` is unique to the exchange."""
        row = _row(exchange, token)
        self._write_row(
            [
                "" if row[name] is None else str(row[name]).lower() if isinstance(row[name], bool) else row[name]
                for name in COLUMNS
            ]
        )

    def close(self) -> None:
        """Finish the file."""
        self._file.close()

    def _write_row(self, cells: Iterable[object]) -> None:
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow(cells)
        self._file.write(line.getvalue().encode())


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
