"""Model invocation log of AWS Bedrock: gzip files per hour, times to the second, no address and no user agent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from distilforensics.simulate.exchange import HOUR
from distilforensics.simulate.writers.files import LogFile
from distilforensics.simulate.writers.rendering import iso_seconds, moment, tool_names

if TYPE_CHECKING:
    from pathlib import Path

    from distilforensics.simulate.exchange import Exchange

_COLLECTOR = "000000000001"
_REGION = "us-east-1"
_ERROR_CODES = {
    429: "ThrottlingException",
    503: "ServiceUnavailableException",
    500: "InternalServerException",
    400: "ValidationException",
}
_STOP_REASONS = {"stop": "end_turn", "length": "max_tokens"}


class BedrockInvocation:
    """Writes `AWSLogs/<account>/BedrockModelInvocationLogs/<region>/YYYY/MM/DD/HH/*.json.gz`; always gzip, as the service does."""

    n_other_lines = 0

    def __init__(self, folder: Path, _compression: str, _n_days: int, _start: int) -> None:
        self._folder = folder / "bedrock" / "AWSLogs" / _COLLECTOR / "BedrockModelInvocationLogs" / _REGION
        self._hour = -1
        self._file: LogFile | None = None

    def write(self, exchange: Exchange, token: str) -> None:
        """Append one record; `token` is unique to the exchange."""
        hour = exchange.started_at // HOUR
        if self._file is None or hour != self._hour:
            self.close()
            begin = moment(hour * HOUR)
            path = (
                self._folder
                / begin.strftime("%Y/%m/%d/%H")
                / f"{begin.strftime('%Y%m%dT%H')}0000000Z_{token[:16]}.json"
            )
            self._file, self._hour = LogFile(path, "gz"), hour
        self._file.write(orjson.dumps(_record(exchange, token)) + b"\n")

    def close(self) -> None:
        """Finish the file of the current hour."""
        if self._file is not None:
            self._file.close()


def _record(exchange: Exchange, token: str) -> dict[str, Any]:
    request, account = exchange.request, exchange.account
    is_stream = request.sampling.stream
    record: dict[str, Any] = {
        "schemaType": "ModelInvocationLog",
        "schemaVersion": "1.0",
        "timestamp": iso_seconds(exchange.started_at),
        "accountId": account.tenant_id,
        "identity": {"arn": account.account_id},
        "region": _REGION,
        "requestId": f"{token[:8]}-{token[8:12]}-4{token[12:15]}-a{token[15:18]}-{token[18:30]}",
        "operation": "InvokeModelWithResponseStream" if is_stream else "Converse",
        "modelId": f"meridian.{request.model}-v1:0",
        "input": {
            "inputContentType": "application/json",
            "inputBodyJson": _invoke_body(exchange) if is_stream else _converse_body(exchange),
            "inputTokenCount": exchange.input_tokens - exchange.cached_tokens,
            "cacheReadInputTokenCount": exchange.cached_tokens,
            "cacheWriteInputTokenCount": 0,
        },
    }
    if exchange.status != 200:
        record["errorCode"] = _ERROR_CODES[exchange.status]
        return record
    record["output"] = {
        "outputContentType": "application/json",
        "outputBodyJson": _stream_events(exchange, token) if is_stream else _converse_output(exchange),
        "outputTokenCount": exchange.output_tokens,
    }
    return record


def _converse_body(exchange: Exchange) -> dict[str, Any]:
    request, sampling = exchange.request, exchange.request.sampling
    body: dict[str, Any] = {
        "messages": [{"role": role, "content": [{"text": content}]} for role, content in request.messages]
    }
    if request.system:
        body["system"] = [{"text": request.system}]
    settings = {"maxTokens": sampling.max_tokens, "temperature": sampling.temperature, "topP": sampling.top_p}
    body["inferenceConfig"] = {key: value for key, value in settings.items() if value is not None}
    if request.n_tools:
        body["toolConfig"] = {"tools": [{"toolSpec": {"name": name}} for name in tool_names(exchange)]}
    return body


def _invoke_body(exchange: Exchange) -> dict[str, Any]:
    request, sampling = exchange.request, exchange.request.sampling
    body: dict[str, Any] = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": sampling.max_tokens or 4096}
    if request.system:
        body["system"] = request.system
    if sampling.temperature is not None:
        body["temperature"] = sampling.temperature
    if sampling.top_p is not None:
        body["top_p"] = sampling.top_p
    if request.n_tools:
        body["tools"] = [{"name": name} for name in tool_names(exchange)]
    body["messages"] = [
        {"role": role, "content": [{"type": "text", "text": content}]} for role, content in request.messages
    ]
    return body


def _converse_output(exchange: Exchange) -> dict[str, Any]:
    return {
        "output": {"message": {"role": "assistant", "content": [{"text": exchange.answer}]}},
        "stopReason": _STOP_REASONS[exchange.finish_reason or "stop"],
        "metrics": {"latencyMs": (exchange.ended_at - exchange.started_at) // 1000},
        "usage": {
            "inputTokens": exchange.input_tokens - exchange.cached_tokens,
            "outputTokens": exchange.output_tokens,
            "totalTokens": exchange.input_tokens + exchange.output_tokens,
        },
    }


def _stream_events(exchange: Exchange, token: str) -> list[dict[str, Any]]:
    half = len(exchange.answer) // 2
    deltas = [part for part in (exchange.answer[:half], exchange.answer[half:]) if part]
    return [
        {
            "type": "message_start",
            "message": {
                "id": f"msg_{token[30:54]}",
                "type": "message",
                "role": "assistant",
                "content": [],
                "model": exchange.request.model,
                "usage": {
                    "input_tokens": exchange.input_tokens - exchange.cached_tokens,
                    "cache_read_input_tokens": exchange.cached_tokens,
                    "output_tokens": 1,
                },
            },
        },
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *(
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": part}}
            for part in deltas
        ),
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": _STOP_REASONS[exchange.finish_reason or "stop"]},
            "usage": {"output_tokens": exchange.output_tokens},
        },
        {"type": "message_stop"},
    ]
