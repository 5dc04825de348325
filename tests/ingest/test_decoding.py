"""Compression and encodings: told by content, undone with caps; damage keeps what came before it."""

import bz2
import gzip
import lzma
import zlib

import pytest
import zstandard

from distilforensics.ingest.evidence import decoding, raw
from distilforensics.ingest.evidence.decoding import encoding_of
from distilforensics.ingest.framing import lines


def zstd(content):
    """One zstd frame."""
    return zstandard.ZstdCompressor().compress(content)


COMPRESSORS = {"gzip": gzip.compress, "zstd": zstd, "bzip2": bz2.compress, "xz": lzma.compress}


@pytest.fixture
def content(line):
    """Two hundred records."""
    return b"".join(line(n) + b"\n" for n in range(200))


@pytest.mark.parametrize("name", sorted(COMPRESSORS))
def test_compression_is_told_by_content_not_by_name(read, log, content, name):
    """The file name says nothing; the source says what was found."""
    found = read(log(COMPRESSORS[name](content), "export.jsonl"), decoded=content)
    assert (found.source["compression"], found.source["n_kept"]) == (name, 200)
    assert found.source["n_bytes_decoded"] == len(content)


def test_a_name_that_promises_compression_is_not_believed(read, log, content):
    """Plain text named .gz."""
    found = read(log(content, "export.jsonl.gz"))
    assert (found.source["compression"], found.source["n_kept"]) == ("none", 200)


@pytest.mark.parametrize("name", sorted(COMPRESSORS))
def test_several_members_follow_each_other(read, log, content, name):
    """Concatenated files are one stream; a record may span members."""
    parts = [content[:1000], content[1000:5000], content[5000:]]
    found = read(log(b"".join(COMPRESSORS[name](part) for part in parts)), decoded=content)
    assert found.source["n_kept"] == 200


@pytest.mark.parametrize("name", ["gzip", "bzip2", "xz"])
def test_padding_with_nul_after_the_last_member_is_no_damage(read, log, content, name):
    """Tapes and block devices pad."""
    found = read(log(COMPRESSORS[name](content) + b"\0" * 3_000_000), decoded=content)
    assert (found.source["n_kept"], found.refused) == (200, [])


@pytest.mark.parametrize("name", sorted(COMPRESSORS))
def test_a_truncated_stream_keeps_its_whole_lines_and_has_one_refused_record(read, log, line, name, monkeypatch):
    """What can be decoded is decoded; the line that breaks off is refused with the reason."""
    monkeypatch.setattr(raw, "BLOCK_BYTES", 512)
    monkeypatch.setattr(decoding, "BLOCK_BYTES", 512)
    many = b"".join(line(n, user=str(n * 7919 % 104729)) + b"\n" for n in range(3000))
    packed = COMPRESSORS[name](many)
    found = read(log(packed[: len(packed) * 2 // 3]), decoded=many)
    assert [row["reason"] for row in found.refused] == ["truncated_stream"]
    assert 1000 < found.source["n_kept"] < 3000
    assert found.source["n_lines"] == found.source["n_kept"] + 1
    assert found.refused[0]["source_line"] == found.source["n_lines"]


@pytest.mark.parametrize("name", ["gzip", "zstd"])
def test_a_stream_cut_at_a_line_end_still_has_one_refused_record(read, log, line, name):
    """Nothing of the missing line is there, but that something is missing must not be lost."""
    whole = line(1) + b"\n"
    packed = COMPRESSORS[name](whole)
    second = zlib.compressobj(wbits=31) if name == "gzip" else zstandard.ZstdCompressor().compressobj()
    more = second.compress(line(2) + b"\n") + (second.flush(zlib.Z_SYNC_FLUSH) if name == "gzip" else second.flush(1))
    found = read(log(packed + more), decoded=whole + line(2) + b"\n")
    assert found.reasons() == [(3, "truncated_stream")]
    assert (found.source["n_lines"], found.source["n_kept"], found.refused[0]["source_length"]) == (3, 2, 0)


@pytest.mark.parametrize("name", sorted(COMPRESSORS))
def test_garbage_after_the_last_member_is_told(read, log, content, name):
    """Something that is no member follows: kept records stay, one refusal says so."""
    found = read(log(COMPRESSORS[name](content) + b"garbage that is no member"), decoded=content)
    assert found.source["n_kept"] == 200
    assert [row["reason"] for row in found.refused] in (["damaged_stream"], ["truncated_stream"])


def test_a_decompression_bomb_stops_at_the_ratio(read, log, content, monkeypatch):
    """A kilobyte of input per megabyte of output is no log."""
    monkeypatch.setattr(decoding, "RATIO_FREE_BYTES", 1 << 20)
    bomb = gzip.compress(content + b"\0" * (300 << 20))
    found = read(log(bomb), decoded=content + b"\0" * (300 << 20))
    assert found.source["n_kept"] == 200
    assert [row["reason"] for row in found.refused] == ["decompression_limit"]
    assert found.source["n_bytes_decoded"] < 501 * len(bomb) + (1 << 20)


def test_a_decompression_bomb_stops_at_the_size(read, log, content):
    """The absolute cap holds whatever the ratio."""
    found = read(log(gzip.compress(content)), decoded=content, max_decoded_bytes=20_000)
    assert [row["reason"] for row in found.refused] == ["decompression_limit"]
    assert found.source["n_kept"] == content[:20_000].count(b"\n")
    assert found.source["n_bytes_decoded"] == 20_000


def test_an_xz_stream_cannot_demand_memory(read, log, monkeypatch):
    """A dictionary beyond the limit is refused by the decoder, not allocated."""
    monkeypatch.setattr(decoding, "MAX_WINDOW_BYTES", 1 << 16)
    found = read(log(lzma.compress(b'{"a": 1}\n' * 100, preset=1)), decoded=b"")
    assert found.source["role"] == "refused"
    assert "Memory usage limit" in found.source["reason"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_other_encodings_are_read_as_utf8_with_a_flag(read, log, line, encoding):
    """Offsets count in the UTF-8 form, and the source says which encoding it had."""
    text = (line(1, user="Zoë 😀") + b"\r\n" + line(2)).decode()
    found = read(log(text.encode(encoding)), decoded=_decoded(text, encoding))
    assert found.source["encoding"].startswith(encoding)
    assert all("transcoded" in row["parse_flags"] for row in found.rows)
    assert found.rows[0]["account_id"] == "Zoë 😀"


def _decoded(text, encoding):
    """The UTF-8 form of a stream: a byte order mark in the encoding stays one."""
    return (("\ufeff" if encoding in ("utf-16", "utf-32") else "") + text).encode()


def test_damage_and_encoding_come_together(read, log, line):
    """A truncated gzip of UTF-16."""
    text = b"".join(line(n) + b"\n" for n in range(500)).decode()
    packed = gzip.compress(text.encode("utf-16-le"))
    found = read(log(packed[:-500]), decoded=text.encode())
    assert [row["reason"] for row in found.refused] == ["truncated_stream"]
    assert 0 < found.source["n_kept"] < 500


def test_a_run_of_nul_is_not_taken_for_an_encoding():
    """Two NULs before a record are log rotation, not UTF-16."""
    assert encoding_of(b'\0\0{"') == "utf-8"
    assert encoding_of(b'{\0"\0') == "utf-16-le"


def test_a_truncated_stream_that_ends_in_a_long_line_has_one_refusal(read, log, line, monkeypatch):
    """The unfinished line was too long to load, inside a block or over several; that the stream breaks off says more."""
    text = line(1) + b"\n" + line(2, user="".join(f"{n:x}" for n in range(30_000))) + b"\n"
    packed = log(gzip.compress(text)[:-12])
    for block in (1 << 20, 8192):
        monkeypatch.setattr(lines, "CHUNK_BYTES", block)
        found = read(packed, decoded=text, max_line_bytes=4000)
        assert found.reasons() == [(2, "truncated_stream")]
        assert (found.source["n_lines"], found.source["n_kept"]) == (2, 1)
        assert found.refused[0]["source_length"] > 50_000


@pytest.mark.parametrize("n_bytes", range(1, 12))
def test_no_beginning_of_a_frame_is_more_than_the_reader_can_take(read, log, n_bytes):
    """A file may break off within its first header."""
    source = read(log(zstd(b"x" * 1000)[:n_bytes]), decoded=b"").source
    assert (source["role"], source["n_kept"]) == ("refused", 0)
    assert source["reason"]
