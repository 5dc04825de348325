"""Writes LiteLLM SpendLogs shaped JSON lines of a given size, with or without prompt and response text, from a seed.

Text is cut from a pool of random words with natural frequencies, so that it compresses about as well as prose does and
no compressor finds whole records again.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

if TYPE_CHECKING:
    from pathlib import Path

POOL_CHARS = 48_000_000
N_ACCOUNTS = 5_000
START = datetime(2026, 2, 1)  # noqa: DTZ001 - the format stores naive UTC


def _pool(rng: np.random.Generator) -> str:
    letters = np.frombuffer(b"etaoinshrdlucmfwypvbgkjqxz", dtype=np.uint8)
    weights = 1 / np.arange(2, 28)
    lengths = rng.integers(2, 11, 30_000)
    words = [bytes(rng.choice(letters, n, p=weights / weights.sum())).decode() for n in lengths]
    rank = np.minimum(rng.zipf(1.12, POOL_CHARS // 6), len(words)) - 1
    return " ".join([words[i] for i in rank.tolist()])


class SpendLogs:
    """An endless series of SpendLogs rows, the same for the same seed."""

    def __init__(self, *, has_text: bool, seed: int = 1) -> None:
        """Prepare the accounts and, if wanted, the pool of text."""
        self.has_text = has_text
        self.rng = random.Random(seed)
        self.pool = _pool(np.random.default_rng(seed)) if has_text else ""
        self.keys = [f"{self.rng.getrandbits(256):064x}" for _ in range(N_ACCOUNTS)]
        self.now = START

    def text(self, mean: int) -> str:
        """Return a slice of the pool of about `mean` characters, at most 2048 as the gateway stores them."""
        n = min(2048, 20 + int(self.rng.expovariate(1 / mean)))
        start = self.rng.randrange(len(self.pool) - n)
        return self.pool[start : start + n]

    def row(self) -> dict[str, Any]:
        """Return the next row."""
        rng = self.rng
        account = (
            min(int(rng.paretovariate(0.6)) - 1, N_ACCOUNTS - 1) if rng.random() < 0.5 else rng.randrange(N_ACCOUNTS)
        )
        self.now += timedelta(milliseconds=rng.randrange(1, 700))
        took = rng.randrange(200, 20_000)
        start, end = (
            f"{t:%Y-%m-%dT%H:%M:%S}.{t.microsecond // 1000:03d}Z"
            for t in (self.now, self.now + timedelta(milliseconds=took))
        )
        n_in, n_out = rng.randrange(10, 2_000), rng.randrange(5, 1_500)
        model = rng.choice(("gpt-4o-mini", "gpt-4o", "claude-sonnet-4", "claude-haiku-4"))
        key, ip, agent = self.keys[account], f"203.0.113.{account % 250}", f"OpenAI/Python 2.{account % 7}.0"
        request_id = f"chatcmpl-{rng.getrandbits(128):032x}"
        usage = {"prompt_tokens": n_in, "completion_tokens": n_out, "total_tokens": n_in + n_out}
        metadata = {
            "user_api_key": key, "user_api_key_alias": f"key-{account}", "user_api_key_team_id": f"team-{account % 300}",
            "requester_ip_address": ip, "user_agent": agent, "usage_object": usage | {"prompt_tokens_details": {"cached_tokens": 0}},
        }  # fmt: skip
        row: dict[str, Any] = {
            "request_id": request_id, "call_type": "acompletion", "api_key": key, "spend": round(n_in * 1e-6 + n_out * 4e-6, 9),
            **usage, "startTime": start, "endTime": end, "request_duration_ms": took, "completionStartTime": start,
            "model": model, "model_id": f"{rng.getrandbits(64):016x}", "model_group": model, "custom_llm_provider": "openai",
            "api_base": "https://api.example.com", "user": f"user-{account}", "metadata": metadata, "cache_hit": "False",
            "cache_key": "Cache OFF", "request_tags": [f"User-Agent: {agent.split('/')[0]}", f"User-Agent: {agent}"],
            "team_id": f"team-{account % 300}", "organization_id": None, "end_user": "", "requester_ip_address": ip,
            "messages": {}, "response": {}, "session_id": f"{rng.getrandbits(128):032x}", "status": "success",
            "mcp_namespaced_tool_name": None, "billing_agent_id": None, "agent_id": None, "proxy_server_request": {},
            "litellm_call_id": f"{rng.getrandbits(128):032x}", "created_at": end, "updated_at": end,
        }  # fmt: skip
        if self.has_text:
            self._add_text(row, request_id, model, usage)
        return row

    def _add_text(self, row: dict[str, Any], request_id: str, model: str, usage: dict[str, int]) -> None:
        answer = {"role": "assistant", "content": self.text(900)}
        row["response"] = {
            "id": request_id, "object": "chat.completion", "created": 1_770_091_508, "model": model,
            "choices": [{"index": 0, "finish_reason": "stop", "message": answer}], "usage": usage,
        }  # fmt: skip
        messages = [{"role": "system", "content": self.text(250)}, {"role": "user", "content": self.text(500)}]
        row["proxy_server_request"] = {"model": model, "messages": messages, "temperature": 0.7, "max_tokens": 2048}


def write_spendlogs(path: Path, n_bytes: int, *, has_text: bool, seed: int = 1) -> int:
    """Write JSON lines until the file has at least `n_bytes` and return the number of rows."""
    logs, written, n_rows = SpendLogs(has_text=has_text, seed=seed), 0, 0
    with path.open("wb") as sink:
        while written < n_bytes:
            written += sink.write(orjson.dumps(logs.row()) + b"\n")
            n_rows += 1
    return n_rows
