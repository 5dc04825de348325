"""A record gives the same row whatever stands beside it: texts, parts and counts of one call never become those of another."""

from __future__ import annotations

import itertools
import json

import pytest

from distilforensics.ingest.catalogue.mapping import FieldMapping
from distilforensics.ingest.examples import OPTIONS
from distilforensics.ingest.formats import Options, Sample, load_formats, resolve_options

WITH_QUERIES = [spec for spec in load_formats().values() if spec.query is not None]
TIME = "2026-05-04T03:02:01Z"
CONTENTS = [
    "plain{}",
    [{"type": "text", "text": "part{}"}],
    [{"type": "text", "text": "one{}"}, {"type": "image_url"}],
    None,
    "",
]
PROMPTS = [
    *([{"role": "user", "content": content}] for content in CONTENTS),
    [{"role": "system", "content": "s{}"}, {"role": "user", "content": CONTENTS[1]}],
    [{"role": "user", "content": "x{}"}, {"role": "assistant", "content": CONTENTS[1]}, {"role": "user", "content": "y{}"}],
    [{"role": "user", "parts": [{"text": "google{}"}]}], [{"role": "user", "parts": [{"type": "text", "content": "otel{}"}]}],
    [{"from": "human", "value": "share{}"}], "text{}",
]  # fmt: skip
ANSWERS = [
    *({"id": "i{}", "choices": [{"message": {"role": "assistant", "content": content}, "finish_reason": "stop"}]} for content in CONTENTS),
    {"choices": [{"message": {"content": "t{}", "tool_calls": [{"id": "c", "function": {"name": "f"}}]}}], "usage": {"prompt_tokens": 5}},
    {"id": "m{}", "content": [{"type": "thinking", "thinking": "h", "signature": "sig{}"}, {"type": "text", "text": "anthropic{}"}],
     "usage": {"input_tokens": 3, "cache_read_input_tokens": 9}},
    {"output": [{"type": "reasoning", "encrypted_content": "e{}"}, {"type": "message", "content": [{"type": "output_text", "text": "r{}"}]}]},
    {"candidates": [{"content": {"parts": [{"text": "t", "thought": True}, {"text": "gemini{}"}]}}], "usageMetadata": {"promptTokenCount": 4}},
    {"output": {"message": {"content": [{"text": "nova{}"}]}}, "usage": {"inputTokens": 6}}, {"error": {"type": "overloaded{}"}},
    [{"role": "assistant", "content": [{"type": "text", "text": "list{}"}]}], "answer{}", {"done": True, "response": "ollama{}"},
]  # fmt: skip


def _numbered(value, number):
    """Return a value with the number of its record in its texts."""
    return json.loads(json.dumps(value).replace("{}", str(number)))


def _differing(project, format_id, lines, options):
    """Return the records whose rows depend on their neighbours: in either order, and without the first ones."""
    together = project.table(format_id, lines, options).to_pylist()
    reverse = project.table(format_id, lines[::-1], options).to_pylist()[::-1]
    later = project.table(format_id, lines[len(lines) // 2 :], options).to_pylist()
    ways = (together, reverse, together[: len(lines) // 2] + later)
    found = []
    for line, *rows in zip(lines, *ways, strict=True):
        several = {name: [row[name] for row in rows] for name in rows[0] if name != "row_index"}
        differing = {name: values for name, values in several.items() if not values[0] == values[1] == values[2]}
        found += [(line, differing)] if differing else []
    return found


@pytest.mark.parametrize("spec", WITH_QUERIES, ids=[spec.id for spec in WITH_QUERIES])
def test_the_order_of_a_samples_records_changes_no_row(spec, example_reader, project):
    """Formats with a query of their own; the others are read by one, which the tests below try."""
    lines = [text for example in spec.examples for text in example_reader.records(example)[1]]
    records = lines if spec.framing == "text" else [json.loads(line) for line in lines if line[:1] == "{"]
    options = resolve_options(spec, Sample("sample", records), Options(log_began=OPTIONS.log_began))

    assert _differing(project, spec.id, lines, options) == []


def test_prompts_and_answers_of_all_shapes_do_not_mix(project):
    """A log holds calls of several programs, each with messages and answers of its own shape."""
    mapping = FieldMapping({"started_at": "t", "prompt_text": "p", "response_text": "a"})
    pairs = [
        *((p, ANSWERS[0]) for p in PROMPTS),
        *((PROMPTS[0], a) for a in ANSWERS),
        *zip(PROMPTS, itertools.cycle(ANSWERS), strict=False),
    ]
    lines = [json.dumps({"t": TIME, "p": _numbered(p, n), "a": _numbered(a, n)}) for n, (p, a) in enumerate(pairs)]

    assert _differing(project, "generic", lines, Options(mapping=mapping)) == []


def test_requests_of_all_shapes_do_not_mix(project):
    """Likewise where the whole request is there."""
    mapping = FieldMapping({"started_at": "t", "request_body": "b"})
    bodies = [{"model": "m{}", "messages": p} for p in PROMPTS if isinstance(p, list)]
    bodies += [{"contents": p} for p in PROMPTS[-4:-2]] + [
        {"prompt": "p{}"},
        {"input": "i{}"},
        {"input": PROMPTS[1]},
        {"messages": PROMPTS[0], "tools": [{"name": "f{}"}]},
    ]
    lines = [json.dumps({"t": TIME, "b": _numbered(body, n)}) for n, body in enumerate(bodies)]

    assert _differing(project, "generic", lines, Options(mapping=mapping)) == []
