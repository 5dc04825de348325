"""Access log of a web server in the combined format: account as authenticated user, bytes instead of tokens, no text.

Lines stand in the order in which responses end; the file is rotated daily, older ones are gzipped. Scanners and health checks
leave lines that are no model exchanges.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from distilforensics.simulate.exchange import DAY, HOUR
from distilforensics.simulate.writers.files import LogFile
from distilforensics.simulate.writers.rendering import moment

if TYPE_CHECKING:
    from pathlib import Path

    from distilforensics.simulate.exchange import Exchange

_HEADER_BYTES = 640
_STREAM_BYTES_PER_TOKEN = 212
_OTHER_LINES = (
    '198.51.100.250 - - [{time}] "GET /healthz HTTP/1.1" 200 2 "-" "kube-probe/1.33"',
    '192.0.2.201 - - [{time}] "\\x16\\x03\\x01" 400 157 "-" "-"',
    '192.0.2.202 - - [{time}] "GET /.env HTTP/1.1" 404 153 "-" "Mozilla/5.0 zgrab/0.x"',
)
_OTHER_LINES_PER_HOUR = (6, 1, 1)


class NginxCombined:
    """Writes `nginx/access.log` and its rotated predecessors."""

    n_other_lines = 0

    def __init__(self, folder: Path, _compression: str, n_days: int, start: int) -> None:
        self._folder = folder / "nginx"
        self._n_days = n_days
        self._start = start
        self._day = 0
        self._lines: list[tuple[int, str, str]] = []

    def write(self, exchange: Exchange, token: str) -> None:
        """Take one line; `token` is unique to the exchange."""
        while (exchange.started_at - self._start) // DAY > self._day:
            self._rotate()
        self._lines.append((exchange.ended_at, token, _line(exchange)))

    def close(self) -> None:
        """Write what is left."""
        while self._day < self._n_days:
            self._rotate()

    def _rotate(self) -> None:
        """Write the current day: today's log is plain, yesterday's has a number, older ones are gzipped."""
        age = self._n_days - 1 - self._day
        others = self._other_lines()
        self.n_other_lines += len(others)
        lines = sorted([*self._lines, *others])
        with LogFile(
            self._folder / ("access.log" if age <= 0 else f"access.log.{age}"), "gz" if age >= 2 else "none"
        ) as file:
            for _, _, text in lines:
                file.write(text.encode() + b"\n")
        self._lines.clear()
        self._day += 1

    def _other_lines(self) -> list[tuple[int, str, str]]:
        begin = self._start + self._day * DAY
        rng = Random(f"nginx/{begin}")
        lines = []
        for hour in range(24):
            for template, count in zip(_OTHER_LINES, _OTHER_LINES_PER_HOUR, strict=True):
                for _ in range(count):
                    at = begin + hour * HOUR + int(rng.random() * HOUR)
                    lines.append((at, "", template.format(time=_clf_time(at))))
        return lines


def _clf_time(microseconds: int) -> str:
    return moment(microseconds).strftime("%d/%b/%Y:%H:%M:%S +0000")


def _line(exchange: Exchange) -> str:
    answer_bytes = len(exchange.answer.encode())
    body = (
        exchange.output_tokens * _STREAM_BYTES_PER_TOKEN
        if exchange.request.sampling.stream
        else answer_bytes + answer_bytes // 40
    )
    size = _HEADER_BYTES + body if exchange.status == 200 else 210
    client = exchange.client
    return (
        f"{client.ip} - {exchange.account.account_id} [{_clf_time(exchange.ended_at)}] "
        f'"POST /v1/chat/completions HTTP/1.1" {exchange.status} {size} "-" "{client.user_agent}"'
    )
