"""Rows of LiteLLM's spend log as JSON lines, with prompts stored and long strings cut as the database writer cuts them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from distilforensics.simulate.writers.files import LogFile
from distilforensics.simulate.writers.rendering import (
    API_BASE,
    chat_completion,
    chat_messages,
    cost,
    error_information,
    iso_milliseconds,
    model_id,
    sampling_parameters,
)

if TYPE_CHECKING:
    from pathlib import Path

    from distilforensics.simulate.exchange import Exchange

_MAXIMUM_STRING = 2048
_HEAD_SHARE = 0.35
_CUT_NOTE = "Truncation is a DB storage safeguard. Full, untruncated data is logged to logging callbacks"


class LitellmSpendLogs:
    """Writes `litellm/LiteLLM_SpendLogs.jsonl`."""

    n_other_lines = 0

    def __init__(self, folder: Path, compression: str, _n_days: int, _start: int) -> None:
        self._file = LogFile(folder / "litellm" / "LiteLLM_SpendLogs.jsonl", compression)

    def write(self, exchange: Exchange, token: str) -> None:
        """Append one row; `token` is unique to the exchange."""
        self._file.write(orjson.dumps(_row(exchange, token)) + b"\n")

    def close(self) -> None:
        """Finish the file."""
        self._file.close()


def _row(exchange: Exchange, token: str) -> dict[str, Any]:
    request, account, client = exchange.request, exchange.account, exchange.client
    request_id = f"chatcmpl-{token[:29]}"
    succeeded = exchange.status == 200
    created = iso_milliseconds(exchange.ended_at + 900_000)
    tags = [f"User-Agent: {client.user_agent.split('/', 1)[0]}", f"User-Agent: {client.user_agent}"]
    body = {"model": request.model, "messages": chat_messages(exchange), **sampling_parameters(exchange)}
    if request.end_user:
        body["user"] = request.end_user
    return {
        "request_id": request_id,
        "call_type": "acompletion",
        "api_key": account.api_key,
        "spend": cost(exchange),
        "total_tokens": exchange.input_tokens + exchange.output_tokens,
        "prompt_tokens": exchange.input_tokens,
        "completion_tokens": exchange.output_tokens,
        "startTime": iso_milliseconds(exchange.started_at),
        "endTime": iso_milliseconds(exchange.ended_at),
        "request_duration_ms": (exchange.ended_at - exchange.started_at) // 1000,
        "completionStartTime": iso_milliseconds(exchange.first_token_at or exchange.ended_at),
        "model": request.model,
        "model_id": model_id(request.model),
        "model_group": request.model,
        "custom_llm_provider": "openai",
        "api_base": API_BASE,
        "user": account.account_id,
        "metadata": _metadata(exchange),
        "cache_hit": "False",
        "cache_key": "Cache OFF",
        "request_tags": tags,
        "team_id": account.tenant_id,
        "organization_id": None,
        "end_user": request.end_user or "",
        "requester_ip_address": client.ip,
        "messages": {},
        "response": _cut(chat_completion(exchange, request_id)),
        "session_id": request.session
        or f"{token[32:40]}-{token[40:44]}-4{token[44:47]}-8{token[47:50]}-{token[50:62]}",
        "status": "success" if succeeded else "failure",
        "mcp_namespaced_tool_name": None,
        "billing_agent_id": None,
        "agent_id": None,
        "proxy_server_request": _cut(body),
        "litellm_call_id": f"{token[8:16]}-{token[16:20]}-4{token[20:23]}-9{token[23:26]}-{token[26:38]}",
        "created_at": created,
        "updated_at": created,
    }


def _metadata(exchange: Exchange) -> dict[str, Any]:
    account, client = exchange.account, exchange.client
    metadata: dict[str, Any] = {
        "user_api_key": account.api_key,
        "user_api_key_alias": None,
        "user_api_key_team_id": account.tenant_id,
        "requester_ip_address": client.ip,
        "user_agent": client.user_agent,
        "usage_object": {
            "prompt_tokens": exchange.input_tokens,
            "completion_tokens": exchange.output_tokens,
            "prompt_tokens_details": {"cached_tokens": exchange.cached_tokens},
        },
    }
    if exchange.error:
        metadata["error_information"] = error_information(exchange)
    return metadata


def _cut(value: object) -> object:
    """Return `value` with every long string cut in its middle, as the spend log does before it stores request and response."""
    if isinstance(value, str):
        if len(value) <= _MAXIMUM_STRING:
            return value
        n_head = int(_MAXIMUM_STRING * _HEAD_SHARE)
        n_tail = _MAXIMUM_STRING - n_head
        return f"{value[:n_head]}... (litellm_truncated skipped {len(value) - n_head - n_tail} chars. {_CUT_NOTE}) ...{value[-n_tail:]}"
    if isinstance(value, dict):
        return {key: _cut(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_cut(item) for item in value]
    return value
