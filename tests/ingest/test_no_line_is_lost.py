"""Whatever bytes come: every physical line is blank or accounted for by records, and every record is found again at its place."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SETTINGS = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)

FRAGMENTS = st.sampled_from(
    [
        b"\n", b"\r\n", b"\r", b"\0", b"\xef\xbb\xbf", b"\x1e", b",", b"[", b"]", b"{", b"}", b"{}", b'"', b"\\", b" ", b"null", b"NaN",
        b"\xff", b"\xc3", b'{"a": NaN}', b'{"request_id": "x"', b'{"a": "\\ud83d"}', b"[1, 2]", b"\t", b"#", b"'", b'""',
    ]
)  # fmt: skip


@pytest.fixture
def check(read, log):
    """Read bytes as JSON lines and compare lines and records."""

    def run(content):
        found = read(log(content), format="litellm_spendlogs", max_line_bytes=400)
        source = found.source
        if source["role"] != "log":
            assert not content.strip() or content.startswith(b"PK")
            return
        n_lines = content.count(b"\n") + (not content.endswith(b"\n") and bool(content))
        assert source["n_lines"] == n_lines
        lines = {row["source_line"] for row in [*found.rows, *found.refused]}
        assert len(lines) + source["n_blank"] == n_lines
        assert len(found.rows) + len(found.refused) == source["n_read"]
        covered = _covered(content, found)
        for number, raw in enumerate(content.split(b"\n"), 1):
            if number <= n_lines and number not in covered:
                assert not raw.strip(b" \t\r\0\x1e,[]\xef\xbb\xbf")

    return run


def _covered(content, found):
    """Lines on which a record lies."""
    return {row["source_line"] for row in [*found.rows, *found.refused]}


def as_lines(content):
    """A first line that makes any content JSON lines."""
    return b'{"request_id": "r", "startTime": "2026-01-01T00:00:00Z", "user": "u"}\n' + content


@SETTINGS
@given(st.lists(FRAGMENTS, max_size=40))
def test_fragments_of_json_lose_no_line(check, fragments):
    """Pieces of records, marks and separators in any order."""
    check(as_lines(b"".join(fragments)))


@SETTINGS
@given(st.binary(max_size=300))
def test_random_bytes_lose_no_line(check, content):
    """Anything at all."""
    check(as_lines(content))


@SETTINGS
@given(data=st.data())
def test_damaged_records_lose_no_line(check, line, data):
    """Real records with bytes removed, doubled or replaced."""
    content = bytearray(b"".join(line(n) + b"\n" for n in range(3)))
    for _ in range(data.draw(st.integers(1, 4))):
        position = data.draw(st.integers(0, len(content) - 1))
        kind = data.draw(st.sampled_from(["cut", "double", "replace"]))
        length = data.draw(st.integers(1, 60))
        piece = bytes(content[position : position + length])
        content[position : position + length] = {"cut": b"", "double": piece * 2, "replace": data.draw(FRAGMENTS)}[kind]
    check(as_lines(bytes(content)))
