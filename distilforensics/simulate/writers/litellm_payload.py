"""LiteLLM's standard logging payload, one JSON line per call, one file per day, as its object store callbacks write it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from distilforensics.simulate.exchange import DAY
from distilforensics.simulate.writers.files import LogFile
from distilforensics.simulate.writers.rendering import (
    API_BASE,
    chat_completion,
    chat_messages,
    cost,
    error_information,
    model_id,
    moment,
    sampling_parameters,
)

if TYPE_CHECKING:
    from pathlib import Path

    from distilforensics.simulate.exchange import Exchange


class LitellmPayload:
    """Writes `litellm-payload/YYYY-MM-DD/batch-<n>.jsonl`."""

    n_other_lines = 0

    def __init__(self, folder: Path, compression: str, _n_days: int, start: int) -> None:
        self._folder = folder / "litellm-payload"
        self._compression = compression
        self._start = start
        self._day = -1
        self._file: LogFile | None = None

    def write(self, exchange: Exchange, token: str) -> None:
        """Append one payload; `token` is unique to the exchange."""
        day = (exchange.started_at - self._start) // DAY
        if self._file is None or day != self._day:
            self.close()
            name = moment(exchange.started_at).strftime("%Y-%m-%d")
            self._file, self._day = LogFile(self._folder / name / f"batch-{day:05d}.jsonl", self._compression), day
        self._file.write(orjson.dumps(_payload(exchange, token)) + b"\n")

    def close(self) -> None:
        """Finish the file of the current day."""
        if self._file is not None:
            self._file.close()


def _payload(exchange: Exchange, token: str) -> dict[str, Any]:
    request, client = exchange.request, exchange.client
    request_id = f"chatcmpl-{token[:29]}"
    succeeded = exchange.status == 200
    state = "success" if succeeded else "failure"
    return {
        "id": request_id,
        "trace_id": f"t-{token[:16]}",
        "session_id": request.session,
        "litellm_call_id": f"{token[8:16]}-{token[16:20]}-4{token[20:23]}-9{token[23:26]}-{token[26:38]}",
        "call_type": "acompletion",
        "stream": request.sampling.stream,
        "response_cost": cost(exchange),
        "cost_breakdown": None,
        "status": state,
        "status_fields": {"llm_api_status": state, "guardrail_status": "not_run"},
        "custom_llm_provider": "openai",
        **_tokens_and_times(exchange),
        "model_map_information": {"model_map_key": request.model, "model_map_value": None},
        "model": request.model,
        "model_id": model_id(request.model),
        "model_group": request.model,
        "api_base": API_BASE,
        "metadata": _metadata(exchange),
        "cache_hit": None,
        "cache_key": None,
        "saved_cache_cost": 0.0,
        "request_tags": [],
        "end_user": request.end_user or "",
        "requester_ip_address": client.ip,
        "user_agent": client.user_agent,
        "messages": chat_messages(exchange),
        "response": chat_completion(exchange, request_id) if succeeded else None,
        "error_str": exchange.error,
        "error_information": None if succeeded else {**error_information(exchange), "traceback": ""},
        "model_parameters": sampling_parameters(exchange),
        "hidden_params": _hidden_parameters(exchange),
        "guardrail_information": None,
        "standard_built_in_tools_params": None,
    }


def _tokens_and_times(exchange: Exchange) -> dict[str, Any]:
    return {
        "total_tokens": exchange.input_tokens + exchange.output_tokens,
        "prompt_tokens": exchange.input_tokens,
        "completion_tokens": exchange.output_tokens,
        "startTime": exchange.started_at / 1_000_000,
        "endTime": exchange.ended_at / 1_000_000,
        "completionStartTime": (exchange.first_token_at or exchange.ended_at) / 1_000_000,
        "response_time": (exchange.ended_at - exchange.started_at) / 1_000_000,
    }


def _hidden_parameters(exchange: Exchange) -> dict[str, Any]:
    return {
        "model_id": model_id(exchange.request.model),
        "cache_key": None,
        "api_base": API_BASE,
        "response_cost": str(cost(exchange)),
        "additional_headers": None,
    }


def _metadata(exchange: Exchange) -> dict[str, Any]:
    account, client = exchange.account, exchange.client
    return {
        "user_api_key_hash": account.api_key,
        "user_api_key_alias": None,
        "user_api_key_org_id": None,
        "user_api_key_team_id": account.tenant_id,
        "user_api_key_user_id": account.account_id,
        "user_api_key_user_email": None,
        "user_api_key_end_user_id": exchange.request.end_user,
        "user_api_key_request_route": "/v1/chat/completions",
        "requester_ip_address": client.ip,
        "user_agent": client.user_agent,
        "requester_custom_headers": {},
        "usage_object": {
            "prompt_tokens": exchange.input_tokens,
            "completion_tokens": exchange.output_tokens,
            "total_tokens": exchange.input_tokens + exchange.output_tokens,
            "completion_tokens_details": {"reasoning_tokens": 0},
            "prompt_tokens_details": {"cached_tokens": exchange.cached_tokens},
        },
    }
