"""The whole ingest: batches, balance, copies, resuming, extending, rebuilding; the same bytes at any number of threads."""

import hashlib
import json
import os
import shutil
from pathlib import Path

import pytest

from distilforensics.case.engines.duckdb import Limits
from distilforensics.case.layout import create_case
from distilforensics.core.errors import CaseError, InputRefusedError, IntegrityError, UsageError
from distilforensics.ingest import stage


def files_of(case):
    """Path within the case -> hash of every file that the ingest wrote."""
    folders = (case.data, case.stages)
    paths = sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(case.root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


@pytest.fixture
def folder(tmp_path, line):
    """Ten small logs with eight records each."""
    folder = tmp_path / "logs"
    folder.mkdir()
    for number in range(10):
        content = b"".join(line(10 * number + n) + b"\n" for n in range(8))
        (folder / f"{number}.jsonl").write_bytes(content)
    return folder


def test_a_folder_becomes_tables_whose_balance_closes(ingest, folder, table):
    """Every record of every file is somewhere, and the summary says where."""
    (folder / "0.jsonl").write_bytes((folder / "0.jsonl").read_bytes() + b"broken\n")
    summary = ingest(folder)
    assert (summary.total.n_read, summary.total.n_kept, summary.total.n_quarantined) == (81, 80, 1)
    assert len(table("exchanges")) == 80
    assert [row["path"] for row in table("sources")] == [f"{n}.jsonl" for n in range(10)]
    assert all(source.balance.is_closed for source in summary.sources)
    assert summary.n_rows["quarantine"] == 1
    assert {row["part"] for row in table("sources")} == {"part-000000.parquet"}


def test_two_thousand_small_files_become_one_part(ingest, tmp_path, line, table):
    """One object per file, without extension and without line end, as gateways write them to object stores."""
    folder = tmp_path / "store" / "2026-02-03"
    folder.mkdir(parents=True)
    for number in range(2000):
        (folder / f"time-04-05-{number:04d}_chatcmpl-{number}").write_bytes(line(number))
    summary = ingest(folder)
    assert (summary.total.n_read, summary.total.n_kept) == (2000, 2000)
    rows = table("exchanges")
    assert [row["request_id"] for row in rows] == [f"chatcmpl-{number}" for number in range(2000)]
    assert {row["part"] for row in table("sources")} == {"part-000000.parquet"}


def test_parts_are_cut_by_size_and_number_of_files(ingest, folder, table, monkeypatch):
    """A large file is a part of its own; the files around it are not mixed with it."""
    size = max(path.stat().st_size for path in folder.iterdir())
    (folder / "5.jsonl").write_bytes((folder / "5.jsonl").read_bytes() * 4)
    monkeypatch.setattr(stage, "SMALL_FILE_BYTES", 3 * size)
    ingest(folder)
    assert [row["part"][5:11] for row in table("sources")] == [
        "000000", "000000", "000000", "000001", "000001", "000002", "000003", "000003", "000003", "000004",
    ]  # fmt: skip


def test_threads_change_nothing(ingest, folder, tmp_path, line):
    """One and two threads, byte for byte, on small files and on one that has several row groups."""
    big = b"".join(line(n, end_user=f"{n * 7919 % 10007:x}" * 500) + b"\n" for n in range(20_000))
    (folder / "big.jsonl").write_bytes(big)
    found = []
    for threads in (1, 2):
        case = create_case(tmp_path / f"case{threads}")
        ingest(folder, into=case, limits=Limits(2_000_000_000, threads))
        found.append(files_of(case))
    assert found[0] == found[1]


def test_a_second_run_reads_nothing(ingest, folder, case):
    """Sources are known by their hash and named; tables stay as they are."""
    ingest(folder)
    before = files_of(case)
    summary = ingest(folder)
    assert (summary.sources, len(summary.known)) == ((), 10)
    assert summary.total.n_kept == 80
    assert files_of(case) == before


def test_a_file_that_has_grown_is_a_new_source(ingest, folder, line, table):
    """The same path, other bytes: what was there before becomes duplicates of the first reading."""
    ingest(folder)
    path = folder / "3.jsonl"
    path.write_bytes(path.read_bytes() + line(999) + b"\n")
    summary = ingest(folder)
    assert [(source.path, source.balance.n_duplicate, source.balance.n_kept) for source in summary.sources] == [
        (path.name, 8, 1)
    ]
    assert len(table("sources")) == 11


def test_new_sources_extend_a_case_without_touching_its_parts(ingest, folder, case, line, table):
    """Even if their path comes before those that are there."""
    ingest(folder)
    part = case.table_path("exchanges") / "part-000000.parquet"
    before = part.stat()
    (folder / "00.jsonl").write_bytes(line(500) + b"\n")
    summary = ingest(folder)
    assert (len(summary.sources), len(summary.known), summary.total.n_kept) == (1, 10, 81)
    assert (part.stat().st_mtime_ns, part.stat().st_ino) == (before.st_mtime_ns, before.st_ino)
    assert table("sources")[-1]["part"] == "part-000001.parquet"


class KilledError(Exception):
    """Stands for the end of the process at a given moment."""


@pytest.fixture(scope="module")
def undisturbed():
    """Files of the case that no interruption touched, once a test has made it."""
    return {}


@pytest.mark.parametrize("committed", [0, 1, 3])
@pytest.mark.parametrize("moment", ["before the part", "between part and record", "in the record"])
def test_an_interrupted_run_goes_on_and_gives_the_same_bytes(
    ingest, folder, tmp_path, monkeypatch, undisturbed, committed, moment
):
    """Whenever the process dies, the next run reads what is missing and the case is the same as without the interruption."""
    size = max(path.stat().st_size for path in folder.iterdir())
    monkeypatch.setattr(stage, "SMALL_FILE_BYTES", 2 * size)
    if not undisturbed:
        whole = create_case(tmp_path / "whole")
        ingest(folder, into=whole)
        undisturbed |= files_of(whole)
    broken = create_case(tmp_path / "broken")
    with monkeypatch.context() as patch:
        _die(patch, committed, moment)
        with pytest.raises(KilledError):
            ingest(folder, into=broken)
    summary = ingest(folder, into=broken)
    assert len(summary.known) == 2 * committed
    assert files_of(broken) == undisturbed


def _die(patch, committed, moment):
    """Let the process die in the commit of the batch with the given number."""
    from distilforensics.ingest.reading import journal

    original = {"publish": journal.publish, "write_json": journal.write_json}

    def publish(temporary, target):
        if target.name == f"part-{committed:06d}.parquet" and moment == "before the part":
            raise KilledError
        original["publish"](temporary, target)

    def write_json(path, value):
        if path.parent.name == f"{committed:06d}":
            if moment == "in the record":
                path.with_name(f".{path.name}.partial").write_text("{")
            raise KilledError
        original["write_json"](path, value)

    patch.setattr(journal, "publish", publish)
    if moment != "before the part":
        patch.setattr(journal, "write_json", write_json)


def test_other_options_rebuild_the_case_and_say_so(ingest, folder, table):
    """Accounts are read from another field, so all parts are made anew."""
    ingest(folder)
    notes = []

    class Notes:
        def begin(self, *args, **named): ...
        def advance(self, **named): ...
        def end(self, summary): ...
        def note(self, text):
            notes.append(text)

    summary = ingest(folder, account_field="api_key_id", progress=Notes())
    assert len(summary.sources) == 10
    assert len(notes) == 1
    assert {row["account_id"] for row in table("exchanges")} == {row["api_key_id"] for row in table("exchanges")}


def test_other_options_that_would_lose_sources_are_refused(ingest, folder):
    """The old sources are not among the inputs, so they could not be read again."""
    ingest(folder)
    with pytest.raises(CaseError, match="9 of its sources are not among the inputs"):
        ingest(folder / "3.jsonl", account_field="api_key_id")


def test_copies_are_told_and_read_once(ingest, folder, table, line):
    """The same bytes under other names, also of a file that is larger than a block."""
    (folder / "copy.jsonl").write_bytes((folder / "3.jsonl").read_bytes())
    summary = ingest(folder)
    assert summary.total.n_read == 80
    copy = next(source for source in summary.sources if source.path.endswith("copy.jsonl"))
    assert (copy.role, copy.reason) == ("duplicate_file", "same bytes as 3.jsonl")


def test_copies_of_large_files_are_told_before_they_are_parsed(ingest, folder, monkeypatch):
    """Only a file that has the size of another one is hashed ahead for it."""
    from distilforensics.ingest.evidence import raw

    monkeypatch.setattr(stage, "SMALL_FILE_BYTES", 100)
    monkeypatch.setattr(raw, "SMALL_FILE_BYTES", 100)
    (folder / "copy.jsonl").write_bytes((folder / "3.jsonl").read_bytes())
    summary = ingest(folder)
    assert (summary.total.n_read, summary.total.n_kept) == (80, 80)
    copy = next(source for source in summary.sources if source.path.endswith("copy.jsonl"))
    assert (copy.role, copy.reason) == ("duplicate_file", "same bytes as 3.jsonl")


def test_a_copy_of_a_known_source_under_another_name_is_told(ingest, folder, tmp_path):
    """Over runs: the path is new, the bytes are not."""
    ingest(folder)
    elsewhere = tmp_path / "elsewhere.jsonl"
    elsewhere.write_bytes((folder / "3.jsonl").read_bytes())
    summary = ingest(elsewhere)
    assert [(source.role, source.reason) for source in summary.sources] == [("duplicate_file", "same bytes as 3.jsonl")]


def test_sources_whose_hashes_begin_alike_are_refused():
    """Record ids would not be unique."""
    hashes = stage._Hashes()
    hashes.add({"source_sha256": "a" * 64, "path": "x", "role": "log", "n_bytes": 1})
    hashes.add({"source_sha256": "a" * 64, "path": "copy of x", "role": "log", "n_bytes": 1})
    with pytest.raises(InputRefusedError, match="begins with the same 16 digits"):
        hashes.add({"source_sha256": "a" * 16 + "b" * 48, "path": "y", "role": "log", "n_bytes": 1})


def test_nothing_but_refused_files_is_an_error_with_reasons(ingest, tmp_path):
    """No log at all: the message says what was found."""
    (tmp_path / "what.bin").write_bytes(b"PK\x03\x04" + b"x" * 100)
    with pytest.raises(InputRefusedError, match="archive: has no directory at its end"):
        ingest(tmp_path / "what.bin")


def test_refused_files_beside_logs_make_the_evidence_partial(ingest, folder):
    """The run goes on; the summary says that something is missing."""
    (folder / "unknown.jsonl").write_bytes(b'{"surprise": 1}\n')
    summary = ingest(folder)
    assert [source.path for source in summary.refused] == ["unknown.jsonl"]
    assert summary.is_partial
    assert ingest(folder).is_partial


def test_too_many_refused_records_are_judged_after_the_tables_are_written(ingest, folder, table):
    """The share is judged at the end; the tables stay."""
    (folder / "0.jsonl").write_bytes((folder / "0.jsonl").read_bytes() + b"broken\n" * 5)
    summary = ingest(folder)
    assert len(table("quarantine")) == 5
    assert summary.is_over_malformed_limit
    assert not ingest(folder, max_malformed=0.1).is_over_malformed_limit


def test_the_files_of_the_case_are_no_inputs(ingest, tmp_path, line):
    """A case inside the folder of the logs does not read itself."""
    case = create_case(tmp_path / "all" / "case")
    (tmp_path / "all" / "a.jsonl").write_bytes(line(1))
    summary = ingest(tmp_path / "all", into=case)
    assert [source.path for source in summary.sources] == ["a.jsonl"]


def test_patterns_and_paths_name_each_file_once(ingest, folder):
    """A file that is named three times is read once; the order of the arguments does not matter."""
    summary = ingest(str(folder / "[0-4].jsonl"), folder / "2.jsonl", folder / "." / "0.jsonl")
    assert [Path(source.path).name for source in summary.sources] == [f"{n}.jsonl" for n in range(5)]


def test_an_input_that_names_nothing_is_an_error(ingest, tmp_path):
    """A typing error must not look like an empty log."""
    with pytest.raises(UsageError, match="no file, folder or pattern"):
        ingest(tmp_path / "missing*")


def test_names_that_are_no_utf8_are_read_and_shown(ingest, tmp_path, line, table):
    """File names are evidence too."""
    folder = tmp_path / "odd"
    folder.mkdir()
    (folder / os.fsdecode(b"log-\xff.jsonl")).write_bytes(line(1))
    ingest(folder)
    assert table("sources")[0]["path"].endswith("log-\\udcff.jsonl")


def test_pipes_and_dangling_links_are_left_out(ingest, folder):
    """Opening a pipe would wait for ever."""
    os.mkfifo(folder / "pipe.jsonl")
    (folder / "link.jsonl").symlink_to(folder / "nowhere")
    assert len(ingest(folder).sources) == 10


def test_evidence_is_not_written_to(ingest, folder):
    """Bytes, times and modes are what they were."""
    paths = sorted(folder.iterdir())
    for path in paths:
        path.chmod(0o444)
    before = [(path.stat().st_mtime_ns, path.stat().st_mode, path.read_bytes()) for path in paths]
    ingest(folder)
    assert [(path.stat().st_mtime_ns, path.stat().st_mode, path.read_bytes()) for path in paths] == before


def test_out_of_scope_records_are_listed_per_source(ingest, folder, line, table):
    """Reason, number and first line."""
    health = line(2, api_key="litellm-internal-health-check")
    (folder / "0.jsonl").write_bytes(line(1) + b"\n" + health + b"\n" + health + b"\n")
    ingest(folder)
    rows = table("out_of_scope")
    assert [(row["reason"], row["n_records"], row["first_line"]) for row in rows] == [("health_check", 2, 2)]


def test_parameters_hold_no_secret(ingest, folder, case):
    """The key of the hashes is recorded as a hash."""
    ingest(folder, secret_key="correct horse")
    text = "".join(path.read_text() for path in case.stages.rglob("*.json"))
    assert "correct horse" not in text
    assert json.loads(next(case.stages.rglob("batch.json")).read_text())["parameters"]["secret_key_sha256"]


def test_hashes_of_secrets_depend_on_case_number_and_secret(case, tmp_path):
    """The same case gives the same hashes; another secret or number others."""
    from dataclasses import replace

    from distilforensics.ingest.options import IngestOptions

    plain = stage.case_key(case, IngestOptions())
    other_number = replace(case, settings={**case.settings, "number": "2026/7"})
    keys = {plain, stage.case_key(case, IngestOptions(secret_key="s")), stage.case_key(other_number, IngestOptions())}
    assert len(keys) == 3
    assert plain == stage.case_key(case, IngestOptions())


def test_the_same_logs_at_another_place_give_the_same_tables(ingest, folder, case, tmp_path):
    """Names count from the folder that the inputs share, so no table knows where the logs lay."""
    (folder / "sub").mkdir()
    (folder / "3.jsonl").rename(folder / "sub" / "3.jsonl")
    (folder / "unknown.jsonl").write_bytes(b'{"what": "is this"}\n')
    (folder / "copy.jsonl").write_bytes((folder / "4.jsonl").read_bytes())
    moved = tmp_path / "elsewhere" / "deeper" / "copied"
    shutil.copytree(folder, moved)
    ingest(folder)
    other = create_case(tmp_path / "other")
    ingest(moved, into=other)
    files = {path.relative_to(case.root): path.read_bytes() for path in case.data.rglob("*.parquet")}
    assert len(files) >= 6
    assert files == {path.relative_to(other.root): path.read_bytes() for path in other.data.rglob("*.parquet")}


def test_inputs_of_several_folders_keep_different_names(ingest, folder, tmp_path, line, table):
    """Files of the same name in two folders stay two sources."""
    (tmp_path / "second").mkdir()
    (tmp_path / "second" / "3.jsonl").write_bytes(line(777) + b"\n")
    ingest(folder / "3.jsonl", tmp_path / "second")
    assert [row["path"] for row in table("sources")] == [f"{folder.name}/3.jsonl", "second/3.jsonl"]


def test_refused_files_have_a_hash_and_a_rerun_adds_no_rows(ingest, folder, case, table):
    """An unknown file is hashed; reading it again says the same and changes nothing."""
    content = b'{"what": "is this"}\n'
    (folder / "unknown.jsonl").write_bytes(content)
    ingest(folder)
    before = {path: path.read_bytes() for path in case.root.rglob("*") if path.is_file()}
    summary = ingest(folder)
    refused = [row for row in table("sources") if row["role"] == "refused"]
    assert [row["source_sha256"] for row in refused] == [hashlib.sha256(content).hexdigest()]
    assert len(summary.refused) == 1
    assert before == {path: path.read_bytes() for path in case.root.rglob("*") if path.is_file()}


def test_a_rerun_replaces_a_refusal(ingest, folder, table, monkeypatch):
    """What could not be opened the first time is a log the second time, and nothing is left of the refusal."""
    from distilforensics.ingest.evidence import raw

    path, original = folder / "3.jsonl", raw.open_evidence

    def unopened(given):
        if given == path:
            raise InputRefusedError("cannot be opened: Permission denied")
        return original(given)

    with monkeypatch.context() as patch:
        patch.setattr(raw, "open_evidence", unopened)
        ingest(folder)
        (refused,) = [row for row in table("sources") if row["role"] == "refused"]
        ingest(folder)
        assert [row["path"] for row in table("sources") if row["role"] == "refused"] == ["3.jsonl"]
    ingest(folder)
    assert (refused["path"], refused["source_sha256"]) == ("3.jsonl", None)
    assert refused["reason"] == "cannot be opened: Permission denied"
    assert sorted((row["path"], row["role"]) for row in table("sources")) == [(f"{n}.jsonl", "log") for n in range(10)]


def test_tables_that_somebody_changed_are_not_built_upon(ingest, folder, case):
    """A small table is made anew; a part, whose log may be gone, stops the run."""
    ingest(folder)
    table, (part, *_) = case.table_path("sources"), case.table_files("exchanges")
    content = table.read_bytes()
    for path in (table, part):
        path.chmod(0o600)
    table.write_bytes(part.read_bytes())
    ingest(folder)
    assert table.read_bytes() == content
    part.write_bytes(content)
    with pytest.raises(IntegrityError, match="is not what the ingest wrote"):
        ingest(folder)


@pytest.mark.parametrize(
    "content", [b"[[[[", b"[]", b'{"part": "../x", "sources": []}', b'{"part": null, "sources": [{"row": 1}]}']
)
def test_a_hostile_record_of_a_batch_stops_the_run_with_a_sentence(ingest, folder, case, content):
    """Nothing is built on it, and it is no fault of the program."""
    ingest(folder)
    record = next(case.stages.rglob("batch.json"))
    record.write_bytes(content)
    with pytest.raises(IntegrityError, match="is no record of a batch"):
        ingest(folder)
