"""What several writers share: times, message lists and bodies in the chat completion shape."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from distilforensics.simulate.exchange import ReasonedText

if TYPE_CHECKING:
    from distilforensics.simulate.exchange import Exchange

API_BASE = "https://inference.example/v1"
"""Where the simulated gateway forwards calls to."""

_TOOLS = ("read_file", "write_file", "run", "search")
_ERROR_CLASSES = {
    429: "RateLimitError",
    400: "ContextWindowExceededError",
    500: "InternalServerError",
    503: "ServiceUnavailableError",
}

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(microseconds: int) -> datetime:
    """Return the time as an aware UTC datetime."""
    return _EPOCH + timedelta(microseconds=microseconds)


def iso_milliseconds(microseconds: int) -> str:
    """Return the time like 2026-03-02T04:05:06.789Z."""
    text = moment(microseconds - microseconds % 1000).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def iso_seconds(microseconds: int) -> str:
    """Return the time like 2026-03-02T04:05:06Z."""
    return moment(microseconds - microseconds % 1_000_000).strftime("%Y-%m-%dT%H:%M:%SZ")


def chat_messages(exchange: Exchange) -> list[dict[str, Any]]:
    """Return the messages of the request with the system prompt first."""
    request = exchange.request
    head = [{"role": "system", "content": request.system}] if request.system else []
    return [*head, *({"role": role, "content": content, **_reasoning(content)} for role, content in request.messages)]


def _reasoning(content: str) -> dict[str, Any]:
    """Return the signed reasoning of a turn as the gateway writes it, nothing for a turn without."""
    if not isinstance(content, ReasonedText):
        return {}
    return {"thinking_blocks": [{"type": "thinking", "thinking": "", "signature": content.signature}]}


def tool_names(exchange: Exchange) -> tuple[str, ...]:
    """Return the names of the tools that the request offers."""
    return _TOOLS[: exchange.request.n_tools]


def sampling_parameters(exchange: Exchange) -> dict[str, Any]:
    """Return what the caller set beside model and messages, tools included."""
    sampling = exchange.request.sampling
    parameters: dict[str, Any] = {}
    if sampling.max_tokens is not None:
        parameters["max_tokens"] = sampling.max_tokens
    if sampling.temperature is not None:
        parameters["temperature"] = sampling.temperature
    if sampling.top_p is not None:
        parameters["top_p"] = sampling.top_p
    if sampling.stream:
        parameters["stream"] = True
    if exchange.request.n_tools:
        parameters["tools"] = [{"type": "function", "function": {"name": name}} for name in tool_names(exchange)]
    return parameters


def chat_completion(exchange: Exchange, request_id: str) -> dict[str, Any]:
    """Return the response body of a chat completion, empty if the call failed."""
    if exchange.status != 200:
        return {}
    return {
        "id": request_id,
        "object": "chat.completion",
        "created": exchange.ended_at // 1_000_000,
        "model": exchange.request.model,
        "choices": [
            {
                "index": 0,
                "finish_reason": exchange.finish_reason,
                "message": {"role": "assistant", "content": exchange.answer, **_reasoning(exchange.answer)},
            }
        ],
        "usage": {
            "prompt_tokens": exchange.input_tokens,
            "completion_tokens": exchange.output_tokens,
            "total_tokens": exchange.input_tokens + exchange.output_tokens,
        },
    }


def cost(exchange: Exchange) -> float:
    """Return the price of a call in US dollars at invented rates."""
    per_input, per_output = (15, 60) if "mini" in exchange.request.model else (250, 1000)
    return round((exchange.input_tokens * per_input + exchange.output_tokens * per_output) / 100_000_000, 9)


def model_id(model: str) -> str:
    """Return the gateway's own id of a deployed model."""
    return hashlib.sha256(model.encode()).hexdigest()[:12]


def error_information(exchange: Exchange) -> dict[str, str | None]:
    """Return what the gateway notes about a failed call."""
    return {
        "error_code": str(exchange.status),
        "error_class": _ERROR_CLASSES[exchange.status],
        "llm_provider": "openai",
        "error_message": exchange.error,
    }
