"""Spans of traces in the shapes in which programs export them, said in one: that of OTLP, with attributes as an object.

The attributes of OpenInference and of OpenLLMetry number the messages of a call in their names; they become lists of messages.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson

from distilforensics.ingest.catalogue.python_values import python_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LISTS = ("llm.input_messages", "llm.output_messages", "gen_ai.prompt", "gen_ai.completion")
"""Attributes whose names go on with the number of a message."""

_ANSWERS = ("llm.output_messages", "gen_ai.completion")
_NUMBERED = re.compile(rf"({'|'.join(map(re.escape, _LISTS))})\.(\d+)\.(.+)")
_OTLP = (("resourceSpans", "scopeSpans", "spans"), ("resourceLogs", "scopeLogs", "logRecords"))
_IDS = ("span_id", "spanId", "SpanId")
_STARTS = ("start_time", "start_timestamp", "startTime")
_ENDS = ("end_time", "end_timestamp", "endTime")
_KINDS_OF_CALLS = {"CHAT_MODEL": "LLM", "LLM": "LLM", "EMBEDDING": "EMBEDDING"}
"""Kinds of spans of MLflow that are calls of a model, in the words of OpenInference."""

_MLFLOW_NAMES = {
    "mlflow.spanType": "openinference.span.kind", "mlflow.llm.model": "gen_ai.request.model", "mlflow.llm.provider": "gen_ai.provider.name",
    "mlflow.spanOutputs": "gen_ai.completion",
}  # fmt: skip
_MLFLOW_TOKENS = {
    "input_tokens": "gen_ai.usage.input_tokens", "output_tokens": "gen_ai.usage.output_tokens",
    "cache_read_input_tokens": "gen_ai.usage.cache_read.input_tokens",
    "cache_creation_input_tokens": "gen_ai.usage.cache_write.input_tokens",
}  # fmt: skip


def spans_of(record: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Return the spans and log records that a record of an export holds; None if it holds none."""
    if isinstance(record.get("resourceSpans"), list) or isinstance(record.get("resourceLogs"), list):
        return list(_of_otlp(record))
    if isinstance(record.get("spans"), list) and isinstance(record.get("processes"), dict):
        return list(_of_jaeger(record))
    trace = _decoded(record.get("data"))
    if isinstance(record.get("info"), dict) and isinstance(trace, dict) and "spans" in trace:
        return list(_of_mlflow(record["info"], trace))
    one = _of_database(record) or _of_columns(record) or _of_program(record)
    return None if one is None else [one]


def _span(written: Mapping[str, Any], attributes: Mapping[str, Any], resource: Mapping[str, Any]) -> dict[str, Any]:
    return {**written, "attributes": gathered(attributes), "resource": resource, "otlp": {"kind": "spans"}}


def _of_otlp(record: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the spans and log records of an OTLP export, with attributes as an object and those of the resource beside them."""
    for outer, middle, inner in _OTLP:
        for resource in _objects(record.get(outer)):
            of_resource = _attributes((resource.get("resource") or {}).get("attributes"))
            for scope in _objects(resource.get(middle)):
                for span in _objects(scope.get(inner)):
                    events = {
                        str(e.get("name")): _attributes(e.get("attributes")) for e in _objects(span.get("events"))
                    }
                    yield {
                        **{key: value for key, value in span.items() if key not in ("attributes", "events", "body")},
                        "attributes": gathered(_attributes(span.get("attributes"))),
                        "resource": of_resource,
                        "otlp": {"kind": inner, "events": events, "body": _value(span.get("body"))},
                    }


def _of_jaeger(trace: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the spans of a trace as Jaeger hands it out; times and durations are microseconds."""
    for span in _objects(trace["spans"]):
        attributes = {str(tag.get("key")): tag.get("value") for tag in _objects(span.get("tags"))}
        process = trace["processes"].get(span.get("processID")) or {}
        start, duration = span.get("startTime"), span.get("duration")
        written = {
            "spanId": span.get("spanID"),
            "traceId": span.get("traceID"),
            "startTimeUnixNano": start,
            "endTimeUnixNano": start + duration if isinstance(start, int) and isinstance(duration, int) else None,
            "status": {"code": "ERROR" if str(attributes.get("error")).lower() == "true" else None},
        }
        yield _span(written, attributes, {"service.name": process.get("serviceName")})


def _of_mlflow(info: Mapping[str, Any], trace: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the spans of a trace of MLflow, whose attributes are JSON in text."""
    about = info.get("trace_metadata") or info.get("request_metadata") or {}
    people = {"user.id": about.get("mlflow.trace.user"), "session.id": about.get("mlflow.trace.session")}
    for span in _objects(trace["spans"]):
        given = {str(key): _decoded(value) for key, value in (span.get("attributes") or {}).items()}
        attributes = {name: given[key] for key, name in _MLFLOW_NAMES.items() if given.get(key) is not None}
        kind = str(given.get("mlflow.spanType"))
        attributes["openinference.span.kind"] = _KINDS_OF_CALLS.get(kind, kind)
        asked, counts = given.get("mlflow.spanInputs"), given.get("mlflow.chat.tokenUsage")
        if isinstance(asked, dict):
            attributes["gen_ai.input.messages"] = asked.get("messages")
            attributes.setdefault("gen_ai.request.model", asked.get("model"))
        for key, name in _MLFLOW_TOKENS.items():
            attributes[name] = counts.get(key) if isinstance(counts, dict) else None
        context, status = span.get("context") or span, span.get("status") or {}
        written = {
            "spanId": context.get("span_id"),
            "traceId": info.get("trace_id") or info.get("request_id"),
            "startTimeUnixNano": span.get("start_time_unix_nano") or span.get("start_time"),
            "endTimeUnixNano": span.get("end_time_unix_nano") or span.get("end_time"),
            "status": {"code": status.get("code") if isinstance(status, dict) else span.get("status_code")},
        }
        yield _span(written, {key: value for key, value in {**people, **attributes}.items() if value is not None}, {})


def _of_database(record: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return a row of the table into which collectors write spans; its duration is in nanoseconds."""
    attributes = _decoded(record.get("SpanAttributes"))
    if not isinstance(attributes, dict) or "Timestamp" not in record:
        return None
    duration = record.get("Duration")
    written = {
        "spanId": record.get("SpanId"),
        "traceId": record.get("TraceId"),
        "startTimeUnixNano": record["Timestamp"],
        "durationNano": None if duration is None else str(duration),
        "status": {"code": record.get("StatusCode")},
    }
    return _span(written, _flat(attributes), _decoded(record.get("ResourceAttributes")) or {})


def _of_columns(record: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return a span whose attributes are columns of a table, as Phoenix gives them."""
    if "context.span_id" not in record or "start_time" not in record:
        return None
    marked = {name: _decoded(value) for name, value in record.items() if name.startswith("attributes.")}
    attributes = {name.removeprefix("attributes."): value for name, value in marked.items() if value is not None}
    attributes.setdefault("openinference.span.kind", record.get("span_kind"))
    written = {"spanId": record["context.span_id"], "traceId": record.get("context.trace_id")}
    return _span(written | _times(record), _flat(attributes), {})


def _of_program(record: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return a span as libraries print it and interfaces hand it out: attributes are an object, ids stand beside or in `context`."""
    attributes = _decoded(record.get("attributes"))
    context = record.get("context") if isinstance(record.get("context"), dict) else record
    span_id = next((context[name] for name in _IDS if context and context.get(name)), None)
    if not isinstance(attributes, dict) or span_id is None or not any(name in record for name in _STARTS):
        return None
    of_resource = record.get("resource") if isinstance(record.get("resource"), dict) else {}
    resource = _decoded((of_resource or {}).get("attributes") or record.get("otel_resource_attributes"))
    named = {"service.name": record["service_name"]} if record.get("service_name") else {}
    written = {"spanId": span_id, "traceId": (context or {}).get("trace_id") or record.get("traceId")}
    return _span(written | _times(record), _flat(attributes), named | (resource if isinstance(resource, dict) else {}))


def _times(record: Mapping[str, Any]) -> dict[str, Any]:
    status = record.get("status")
    code = status.get("status_code") or status.get("code") if isinstance(status, dict) else record.get("status_code")
    return {
        "startTimeUnixNano": next((record[name] for name in _STARTS if record.get(name)), None),
        "endTimeUnixNano": next((record[name] for name in _ENDS if record.get(name)), None),
        "status": {"code": code},
    }


def _objects(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _attributes(items: object) -> dict[str, Any]:
    return {str(item.get("key")): _value(item.get("value")) for item in _objects(items)}


def _value(value: object) -> Any:  # noqa: ANN401
    """Return a value of OTLP as plain JSON; integers stay texts, as they are written."""
    if not isinstance(value, dict):
        return value
    if "arrayValue" in value:
        return [_value(item) for item in (value["arrayValue"] or {}).get("values", [])]
    if "kvlistValue" in value:
        return _attributes((value["kvlistValue"] or {}).get("values"))
    return next(iter(value.values()), None)


def _decoded(value: Any) -> Any:  # noqa: ANN401
    """Return what a text of JSON, or one that a Python program printed, says; anything else as it is."""
    if isinstance(value, str) and value[:1] in ("{", "[", '"'):
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            printed = python_value(value) if value[:2] in ("[{", "{'") else None
            return value if printed is None else printed
    return value


def _flat(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return attributes with the names of nested objects joined by dots, as conventions write them."""
    found: dict[str, Any] = {}
    for key, value in attributes.items():
        if isinstance(value, dict) and not {"role", "choices"} & value.keys():
            found |= {f"{key}.{name}": inner for name, inner in _flat(value).items()}
        else:
            found[key] = value
    return found


def gathered(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return attributes with messages that names number, or that stand under a name of their own, as lists of messages."""
    lists: dict[str, dict[int, dict[str, Any]]] = {}
    for key, value in attributes.items():
        match = _NUMBERED.fullmatch(key)
        if match is not None:
            lists.setdefault(match[1], {}).setdefault(int(match[2]), {})[match[3].removeprefix("message.")] = value
        elif key in _LISTS and isinstance(value, list):
            messages = (
                _flat(one["message"] if isinstance(one.get("message"), dict) else one) for one in _objects(value)
            )
            of_names = [{name.removeprefix("message."): part for name, part in one.items()} for one in messages]
            lists[key] = dict(enumerate(of_names))
    messages_of = {name: [_message(found[i]) for i in sorted(found)] for name, found in lists.items()}
    return dict(attributes) | {name: _answer(name, messages) for name, messages in messages_of.items()}


def _answer(name: str, messages: list[dict[str, Any]]) -> object:
    """Return an answer with parts or calls of tools as the one message that it is, as interfaces give it; other messages as a list."""
    if name not in _ANSWERS or len(messages) != 1 or not {"content", "tool_calls"} & messages[0].keys():
        return messages
    (message,) = messages
    content = message.get("content")
    parts = content if isinstance(content, list) else [{"type": "text", "text": content}] if content else []
    calls = [{"type": "tool_use", "id": call["id"], **call["function"]} for call in message.get("tool_calls", ())]
    is_plain = not calls and not isinstance(content, list)
    return messages if is_plain else {**message, "role": "assistant", "content": [*parts, *calls], "tool_calls": None}


_PART = re.compile(r"contents\.(\d+)\.(?:message_content\.)?(.+)")
_CALL = re.compile(r"tool_calls\.(\d+)\.(?:tool_call\.)?(.+)")


def _message(written: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message whose parts and calls of tools have numbers in their names as one with lists of them."""
    message: dict[str, Any] = {}
    parts: dict[int, dict[str, Any]] = {}
    calls: dict[int, dict[str, Any]] = {}
    for name, value in written.items():
        if match := _PART.fullmatch(name):
            parts.setdefault(int(match[1]), {})[match[2]] = value
        elif match := _CALL.fullmatch(name):
            calls.setdefault(int(match[1]), {})[match[2].removeprefix("function.")] = value
        else:
            message[name] = value
    if parts:
        message["content"] = [_part(parts[i]) for i in sorted(parts)]
    if calls:
        message["tool_calls"] = [
            {"id": call.get("id"), "type": "function", "function": {k: v for k, v in call.items() if k != "id"}}
            for _, call in sorted(calls.items())
        ]
    return message


def _part(part: dict[str, Any]) -> dict[str, Any]:
    """Return a part of a message; one with a signature or sealed data is reasoning."""
    if part.get("signature"):
        return {"type": "thinking", "thinking": part.get("text"), "signature": part["signature"]}
    if part.get("data"):
        return {"type": "redacted_thinking", "data": part["data"]}
    return part
