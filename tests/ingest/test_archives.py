"""Archives: members are logs of their own; what hostile archives hold is refused member by member; citations and checks go through them."""

import hashlib
import io
import tarfile
import zipfile

import pytest
import zstandard

from distilforensics.case import archives
from distilforensics.case.evidence import find_member
from distilforensics.pipeline.citation import cite

LIMIT = 1 << 20


def log(line, first=0, n=8):
    return b"".join(line(first + i) + b"\n" for i in range(n))


def tar_of(members, mode="w"):
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode=mode) as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            if isinstance(content, tarfile.TarInfo):
                archive.addfile(content)
                continue
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return target.getvalue()


def zip_of(members):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return target.getvalue()


KINDS = {
    "a.zip": zip_of,
    "a.tar": tar_of,
    "a.tgz": lambda members: tar_of(members, "w:gz"),
    "a.tar.xz": lambda members: tar_of(members, "w:xz"),
    "a.tar.bz2": lambda members: tar_of(members, "w:bz2"),
    "a.tar.zst": lambda members: zstandard.compress(tar_of(members)),
}


def link(name):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
    return info


@pytest.mark.parametrize("name", KINDS)
def test_members_are_logs_of_their_own_and_can_be_cited(name, ingest, tmp_path, line, table, case):
    """Names, hashes and offsets are those of the member; the archive has its own hash; a citation finds the bytes again."""
    folder = tmp_path / "logs"
    folder.mkdir()
    members = [("logs/one.jsonl", log(line)), ("logs/two.jsonl.gz", log(line, 100))]
    (folder / name).write_bytes(KINDS[name](members))
    summary = ingest(folder)

    rows = {row["path"]: row for row in table("sources")}
    assert summary.total.n_kept == 16
    assert [row["role"] for row in rows.values()] == ["archive", "log", "log"]
    assert rows[name]["source_sha256"] == hashlib.sha256((folder / name).read_bytes()).hexdigest()
    assert rows[f"{name}!logs/one.jsonl"]["source_sha256"] == hashlib.sha256(members[0][1]).hexdigest()
    assert not (case.temporary / "members").exists()
    third = table("exchanges")[2]
    assert line(2) == cite(case, third["record_id"], limits(), folder).raw
    assert find_member(case, rows[f"{name}!logs/two.jsonl.gz"], folder) == (folder / name, "logs/two.jsonl.gz")
    (folder / name).write_bytes(KINDS[name]([("logs/one.jsonl", log(line, 50)), *members[1:]]))
    assert find_member(case, rows[f"{name}!logs/one.jsonl"], folder) is None


def limits():
    from distilforensics.case.engines.duckdb import Limits

    return Limits(2_000_000_000, 1)


def test_hostile_members_are_refused_one_by_one(ingest, tmp_path, line, table, monkeypatch):
    """What leads out, links, stands twice, is an archive itself or a bomb is named with its reason; the rest is read."""
    monkeypatch.setattr(archives, "FREE_BYTES", LIMIT)
    good = log(line)
    members = [
        ("good.jsonl", good),
        ("../out.jsonl", good),
        ("/abs.jsonl", good),
        ("link", link("link")),
        ("good.jsonl", log(line, 50)),
        ("inner.zip", zip_of([("x.jsonl", good)])),
        ("bomb.jsonl", b"\0" * 4 * LIMIT),
        ("after.jsonl", good),
    ]
    monkeypatch.setattr(archives, "MAX_RATIO", 1.0)
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "a.tar.xz").write_bytes(tar_of(members, "w:xz"))
    summary = ingest(folder)

    reasons = [(row["path"][9:], row["reason"] or "") for row in table("sources") if row["role"] == "refused"]
    assert summary.is_partial
    assert summary.total.n_kept == 8
    assert [name for name, _ in reasons] == [
        "", "../out.jsonl", "/abs.jsonl", "bomb.jsonl", "good.jsonl", "inner.zip", "link",
    ]  # fmt: skip
    assert "the rest was not read" in reasons[0][1]
    assert "leads out" in reasons[1][1]
    assert "same name" in reasons[4][1]
    assert "ZIP archive" in reasons[5][1]
    assert "link" in reasons[6][1]
    assert list(tmp_path.rglob("out.jsonl")) == []


def test_encrypted_members_and_broken_archives_are_refused(ingest, tmp_path, line, table):
    """An encrypted member costs itself, a cut archive what came after the cut."""
    folder = tmp_path / "logs"
    folder.mkdir()
    content = bytearray(zip_of([("a.jsonl", log(line)), ("b.jsonl", log(line, 100))]))
    content[content.rfind(b"PK\x01\x02") + 8] |= 1
    (folder / "a.zip").write_bytes(content)
    (folder / "cut.tar").write_bytes(tar_of([("c.jsonl", log(line, 200)), ("d.jsonl", log(line, 300))])[:9000])
    ingest(folder)

    reasons = {row["path"]: row["reason"] for row in table("sources") if row["role"] == "refused"}
    assert "encrypted" in reasons["a.zip!b.jsonl"]
    assert any(path.startswith("cut.tar!") and "end" in reason for path, reason in reasons.items())


def test_too_many_members_are_refused_as_one(tmp_path, monkeypatch):
    """Names are counted before they fill the memory."""
    monkeypatch.setattr(archives, "MAX_MEMBERS", 3)
    path = tmp_path / "a.tar"
    path.write_bytes(tar_of([(f"{n}", b"x") for n in range(5)]))
    with pytest.raises(archives.BrokenMemberError, match="more than 3 members"):
        [b"".join(member.blocks) for member in archives.read_members(path)]
