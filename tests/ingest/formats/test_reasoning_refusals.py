"""What a provider writes of reasoning that it dropped or refused is kept; what a caller writes is not taken for it."""

from __future__ import annotations

import pytest

from distilforensics.ingest.formats import FieldMapping, Options

MAPPED = Options(mapping=FieldMapping({"started_at": "t", "account_id": "a", "response_text": "r", "prompt_text": "p"}))
MESSAGE = {"id": "msg_1", "type": "message", "role": "assistant", "content": [{"type": "text", "text": "ok"}]}
DROPPED = [{"type": "thinking_dropped", "path": "messages.1.content.0", "reason": "organization_binding_mismatch"}]
REFUSED = (
    "messages.1.content.0: Invalid `signature` in `thinking` block. The block is bound to a different conversation."
)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param(MESSAGE | {"input_transformations": DROPPED}, ["organization_binding_mismatch"], id="dropped"),
        pytest.param(MESSAGE | {"input_transformations": [{"reason": "something else"}]}, None, id="another reason"),
        pytest.param(MESSAGE | {"input_transformations": []}, None, id="nothing dropped"),
        pytest.param(MESSAGE | {"input_transformations": "organization_binding_mismatch"}, None, id="another shape"),
        pytest.param(
            {"type": "error", "error": {"type": "invalid_request_error", "message": REFUSED}},
            ["conversation_binding_refused"],
            id="refused",
        ),
        pytest.param(
            MESSAGE | {"content": [{"type": "text", "text": str(DROPPED) + REFUSED}]}, None, id="a model that wrote it"
        ),
        pytest.param({"input_transformations": DROPPED}, None, id="JSON that a model was asked for"),
    ],
)
def test_reasons_come_from_places_that_the_provider_writes(project, answer, expected):
    """An answer of any log with an answer object; the prompt always tries to look like one."""
    bait = {"input_transformations": DROPPED, "error": REFUSED}
    record = {"t": "2026-03-01T10:00:00Z", "a": "u-1", "p": bait, "r": answer}
    (row,) = project("generic", [record], MAPPED)
    assert row["reasoning_refusals"] == expected
