"""The worker process: crashes, loops and interruptions cost one source or nothing, never the run."""

import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from distilforensics.case.engines.duckdb import Limits
from distilforensics.case.layout import create_case
from distilforensics.case.tables import read_rows
from distilforensics.core.errors import InputRefusedError, MachineError, UsageError
from distilforensics.core.progress import Silent
from distilforensics.ingest.batch import PARENT_BYTES, THREAD_BYTES, WORKER_BYTES, Settings
from distilforensics.ingest.options import IngestOptions
from distilforensics.ingest.reading import supervision
from distilforensics.ingest.stage import ingest

LIMITS = Limits(memory_bytes=1_000_000_000, threads=2)

HOSTILE_FORMATS = """
import json, os, pathlib, resource, signal
from distilforensics.ingest.reading import worker
from distilforensics.ingest import formats
from distilforensics.ingest.formats import *
from distilforensics.ingest.formats import detect as real_detect

worker.CPU_SECONDS_MIN, worker.CPU_SECONDS_PER_MB = 3, 0

def detect(sample, **options):
    if sample.name.startswith("crash"):
        os.kill(os.getpid(), signal.SIGSEGV)
    if sample.name.startswith("exit"):
        os._exit(7)
    if sample.name.startswith("killed") and not os.path.exists(os.environ["KILLED_FILE"]):
        pathlib.Path(os.environ["KILLED_FILE"]).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if sample.name.startswith("frozen"):
        os.kill(os.getpid(), signal.SIGSTOP)
    if sample.name.startswith("full"):
        raise OSError(28, "No space left on device")
    if sample.name.startswith("raise"):
        raise RecursionError("parser met something")
    while sample.name.startswith("loop"):
        pass
    if sample.name.startswith("tell"):
        names = ("RLIMIT_CORE", "RLIMIT_AS", "RLIMIT_CPU")
        limits = {name: resource.getrlimit(getattr(resource, name))[0] for name in names}
        pathlib.Path(os.environ["LIMITS_FILE"]).write_text(json.dumps(limits))
    return real_detect(sample, **options)
"""


@pytest.fixture
def hostile(tmp_path, monkeypatch):
    """Formats whose detection crashes on files of certain names, importable by the worker."""
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "hostile_formats.py").write_text(HOSTILE_FORMATS)
    monkeypatch.syspath_prepend(tmp_path / "modules")
    return "hostile_formats"


@pytest.fixture
def logs(tmp_path, line):
    """Three logs, of which the last can be given another name."""

    def make(name):
        folder = tmp_path / "logs"
        folder.mkdir()
        for number, target in enumerate(("a.jsonl", "b.jsonl", name)):
            (folder / target).write_bytes(line(number) + b"\n")
        return folder

    return make


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("crash.jsonl", "parser crashed (signal 11), 3 times when read alone"),
        ("exit.jsonl", "parser crashed (exit code 7), 3 times when read alone"),
        ("raise.jsonl", "parser failed: RecursionError: parser met something"),
        ("loop.jsonl", "parser crashed (signal 24)"),
    ],
)
def test_a_crash_costs_one_source_and_the_run_goes_on(case, logs, hostile, name, reason, capfd):
    """The file is found among those of its batch, the others are read, and the worker is started again."""
    summary = ingest(case, [str(logs(name))], IngestOptions(), LIMITS, Silent(), formats_module=hostile)
    assert [(source.path, source.reason) for source in summary.refused] == [(name, reason)]
    assert summary.total.n_kept == 2
    assert summary.is_partial
    assert not list(case.temporary.rglob("*.parquet"))


def test_a_kill_from_outside_costs_one_try(case, logs, hostile, tmp_path, monkeypatch):
    """Whoever killed the process, no file is to blame."""
    monkeypatch.setenv("KILLED_FILE", str(tmp_path / "killed"))
    summary = ingest(case, [str(logs("killed.jsonl"))], IngestOptions(), LIMITS, Silent(), formats_module=hostile)
    assert (tmp_path / "killed").exists()
    assert (summary.refused, summary.total.n_kept) == ((), 3)


def test_a_file_on_which_the_parser_crashes_keeps_its_hash(case, logs, hostile):
    """Verification can tell whether it is still the same file."""
    folder = logs("exit.jsonl")
    ingest(case, [str(folder)], IngestOptions(), LIMITS, Silent(), formats_module=hostile)
    content = (folder / "exit.jsonl").read_bytes()
    (row,) = [row for row in read_rows(case, "sources") if row["role"] == "refused"]
    assert (row["source_sha256"], row["n_bytes"]) == (hashlib.sha256(content).hexdigest(), len(content))


def test_a_worker_that_hangs_is_ended(case, logs, hostile, monkeypatch):
    """It is stopped, so that it uses no processor time and reads nothing; only the file that did it is refused."""
    monkeypatch.setattr(supervision, "HANG_SECONDS", 4.0)
    monkeypatch.setattr(supervision, "IDLE_CPU_SECONDS", 0.2)
    summary = ingest(case, [str(logs("frozen.jsonl"))], IngestOptions(), LIMITS, Silent(), formats_module=hostile)
    assert [(source.path, source.reason) for source in summary.refused] == [
        ("frozen.jsonl", "parser hung: nothing happened for 4.0 s, 3 times when read alone")
    ]
    assert summary.total.n_kept == 2


def test_a_full_disk_is_told_as_such_and_blames_no_file(case, logs, hostile):
    """The case can be resumed."""
    folder = logs("full.jsonl")
    with pytest.raises(MachineError, match="no room left on the disk"):
        ingest(case, [str(folder)], IngestOptions(), LIMITS, Silent(), formats_module=hostile)
    (folder / "full.jsonl").rename(folder / "d.jsonl")
    assert ingest(case, [str(folder)], IngestOptions(), LIMITS, Silent(), formats_module=hostile).total.n_kept == 3


def test_the_worker_is_limited_in_memory_and_time(case, logs, hostile, tmp_path, monkeypatch):
    """No core dumps; memory and processor time are bounded, generously."""
    monkeypatch.setenv("LIMITS_FILE", str(tmp_path / "limits.json"))
    ingest(case, [str(logs("tell.jsonl"))], IngestOptions(), LIMITS, Silent(), formats_module=hostile)
    limits = json.loads((tmp_path / "limits.json").read_text())
    assert limits["RLIMIT_CORE"] == 0
    assert LIMITS.memory_bytes < limits["RLIMIT_AS"] < 20 * LIMITS.memory_bytes
    assert 0 < limits["RLIMIT_CPU"] < 60


def test_several_files_that_crash_are_all_found(case, tmp_path, hostile, line):
    """Also those that are not the last one read."""
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(9):
        name = f"exit{number}.jsonl" if number in (2, 3, 7) else f"{number}.jsonl"
        (folder / name).write_bytes(line(number) + b"\n")
    summary = ingest(case, [str(folder)], IngestOptions(), LIMITS, Silent(), formats_module=hostile)
    assert [source.path[-11:] for source in summary.refused] == ["exit2.jsonl", "exit3.jsonl", "exit7.jsonl"]
    assert summary.total.n_kept == 6


def test_a_table_that_breaks_late_takes_nothing_with_it(case, log, record, line):
    """Rows of it were written beside those of other files before the damage was met; the batch is read again without it."""
    sink = io.BytesIO()
    records = [record(n, end_user=f"{n * 7919 % 104729:x}" * 3000) for n in range(4000)]
    pq.write_table(
        pa.Table.from_pylist(records), sink, row_group_size=500, compression="zstd", write_page_checksum=True
    )
    content = bytearray(sink.getvalue())
    middle = len(content) * 3 // 4
    content[middle : middle + 50] = bytes(50)
    damaged = log(bytes(content), "b.parquet")
    log(line(1) + b"\n", "a.jsonl")
    log(line(2) + b"\n", "c.jsonl")
    summary = ingest(case, [str(damaged.parent)], IngestOptions(), LIMITS, Silent())
    assert [source.path for source in summary.refused] == [damaged.name]
    assert (summary.total.n_read, summary.total.n_kept) == (2, 2)


def test_the_result_is_the_same_with_and_without_a_worker_process(case, logs, table, ingest, tmp_path):
    """What the process hands back is what it did."""
    folder = logs("d.jsonl")
    ingest(folder)
    other = create_case(tmp_path / "other")
    from distilforensics.ingest import stage

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stage, "Worker", supervision.Worker)
        stage.ingest(other, [str(folder)], IngestOptions(), LIMITS, Silent())
    assert table("exchanges", of=other) == table("exchanges")
    assert table("sources", of=other) == table("sources")


def test_options_that_cannot_be_used_stop_the_run_with_their_error(case, logs):
    """An error of the examiner is no crash."""
    with pytest.raises(UsageError, match="time zone"):
        ingest(case, [str(logs("d.jsonl"))], IngestOptions(assume_time_zone="Mars"), LIMITS, Silent())


class Counting(Silent):
    """Adds up what it is told."""

    def __init__(self):
        self.rows = self.bytes = 0
        self.items = set()

    def advance(self, *, rows=0, n_bytes=0, steps=0, item=None):
        """Add."""
        self.rows += rows
        self.bytes += n_bytes
        self.items.add(item)


def test_progress_adds_up_to_bytes_and_rows(case, logs):
    """Also within one file; the receiver sees the file that is read."""
    folder = logs("d.jsonl")
    progress = Counting()
    ingest(case, [str(folder)], IngestOptions(), LIMITS, progress)
    assert (progress.rows, progress.bytes) == (3, sum(path.stat().st_size for path in folder.iterdir()))
    assert all(str(folder) in item for item in progress.items)


SCRIPT = """
import sys
from pathlib import Path
from distilforensics.case.engines.duckdb import Limits
from distilforensics.case.layout import create_case
from distilforensics.core.progress import Silent
from distilforensics.ingest.options import IngestOptions
from distilforensics.ingest import stage

class Telling(Silent):
    def advance(self, **told):
        print("reading", flush=True)

if __name__ == "__main__":
    stage.SMALL_FILE_BYTES = 3_000_000
    stage.ingest(create_case(Path(sys.argv[1])), [sys.argv[2]], IngestOptions(), Limits(1_000_000_000, 1), Telling())
"""


@pytest.fixture
def large_logs(tmp_path, line):
    """Twelve logs of two megabytes, so that an interruption meets the work in the middle."""
    folder = tmp_path / "large"
    folder.mkdir()
    for number in range(12):
        content = b"".join(line(number * 10_000 + n, end_user="x" * 1000) + b"\n" for n in range(1_200))
        (folder / f"{number:02d}.jsonl").write_bytes(content)
    return folder


@pytest.fixture
def started(tmp_path, large_logs):
    """A run in a process of its own, as far as its first progress."""
    script = tmp_path / "run.py"
    script.write_text(textwrap.dedent(SCRIPT))
    process = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path / "case"), str(large_logs)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout.readline() == b"reading\n"
    yield process
    process.kill()
    process.communicate()


def _children(process):
    return psutil.Process(process.pid).children(recursive=True)


def test_ctrl_c_ends_the_worker_and_leaves_no_half_written_files(started, tmp_path):
    """Nothing under a final name that is not complete; no process is left."""
    children = _children(started)
    started.send_signal(signal.SIGINT)
    _, errors = started.communicate(timeout=30)
    assert b"KeyboardInterrupt" in errors
    assert psutil.wait_procs(children, timeout=10)[1] == []
    case = tmp_path / "case"
    assert not list(case.rglob("*.partial"))
    assert not (case / "tmp" / "ingest").exists()


def test_a_killed_run_leaves_no_worker_and_can_go_on(started, tmp_path, large_logs, ingest):
    """After SIGKILL the orphan ends by itself; the next run reads the missing batches only, with the same result."""
    children = _children(started)
    os.kill(started.pid, signal.SIGKILL)
    assert psutil.wait_procs(children, timeout=10)[1] == []
    from distilforensics.ingest import stage

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stage, "SMALL_FILE_BYTES", 3_000_000)
        resumed = create_case(tmp_path / "case")
        ingest(large_logs, into=resumed)
        whole = create_case(tmp_path / "whole")
        ingest(large_logs, into=whole)
    for path in sorted(whole.data.rglob("*.parquet")):
        assert (resumed.root / path.relative_to(whole.root)).read_bytes() == path.read_bytes()


def test_a_file_that_changes_while_it_is_read_is_refused(case, ingest, log, line, monkeypatch):
    """The bytes that were hashed and the bytes that were parsed must be the same."""
    from distilforensics.ingest import stage
    from distilforensics.ingest.evidence import raw

    monkeypatch.setattr(raw, "SMALL_FILE_BYTES", 1000)
    monkeypatch.setattr(stage, "SMALL_FILE_BYTES", 1000)
    path = log(b"".join(line(n) + b"\n" for n in range(5000)))
    log(line(9999), "other.jsonl")
    original = raw.fingerprint

    def slow(path, advance=None):
        found = original(path, advance)
        with path.open("ab") as stream:
            stream.write(b"more\n")
        return found

    monkeypatch.setattr(raw, "fingerprint", slow)
    summary = ingest(path.parent)
    assert [source.path for source in summary.refused] == [path.name]
    assert "changed while it was read" in summary.refused[0].reason
    assert summary.total.n_kept == 1


def test_a_file_that_cannot_be_read_to_its_end_is_refused(case, ingest, log, line, monkeypatch):
    """A bad sector costs the source, not the run; no hash of a part of the file is passed off as that of the whole."""
    from distilforensics.ingest import stage
    from distilforensics.ingest.evidence import raw

    monkeypatch.setattr(raw, "SMALL_FILE_BYTES", 1000)
    monkeypatch.setattr(stage, "SMALL_FILE_BYTES", 1000)
    path = log(b"".join(line(n) + b"\n" for n in range(5000)))
    log(line(9999), "other.jsonl")

    def failing(path, advance=None):
        raise InputRefusedError("cannot be read: Input/output error", where=str(path))

    monkeypatch.setattr(raw, "fingerprint", failing)
    summary = ingest(path.parent)
    assert [(source.path, source.reason) for source in summary.refused] == [
        (path.name, "cannot be read: Input/output error")
    ]
    assert summary.total.n_kept == 1
    assert [row["source_sha256"] is None for row in read_rows(case, "sources")] == [True, False]


def test_a_worker_ends_when_its_parent_is_gone():
    """The watch compares parents."""
    from distilforensics.ingest.reading import worker

    ended = threading.Event()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker.os, "_exit", lambda _: ended.set() or (_ for _ in ()).throw(SystemExit))
        thread = threading.Thread(target=lambda: _quietly(worker._end_with_parent, -1))
        thread.start()
        thread.join(5)
    assert ended.is_set()
    assert time.monotonic() > 0


def _quietly(function, *arguments):
    try:
        function(*arguments)
    except SystemExit:
        return


@pytest.mark.parametrize(
    ("memory", "threads", "n", "is_roomy"),
    [(512_000_000, 8, 1, False), (1_000_000_000, 8, 3, True), (8_000_000_000, 2, 2, True)],
)
def test_the_memory_limit_bounds_the_threads(memory, threads, n, is_roomy):
    """The limit means all processes together: where there is little, one thread after the other, and nothing is kept for speed."""
    settings = Settings(IngestOptions(), b"", threads, memory)
    assert (settings.n_projecting, settings.is_roomy) == (n, is_roomy)
    assert PARENT_BYTES + WORKER_BYTES + n * THREAD_BYTES <= memory
    assert Limits(memory, threads).engine_bytes < memory
    assert [Limits(limit, threads).engine_threads for limit in (448_000_000, memory)] == [1, threads]


MEASURED = """
import sys, threading, psutil
from distilforensics.cli.diagnostics import run_cli

def measure():
    while not over.wait(0.02):
        try:
            processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
            peaks.append(sum(process.memory_full_info().pss for process in processes))  # shared pages count once
        except psutil.Error:
            continue

if __name__ == "__main__":
    over, peaks = threading.Event(), []
    threading.Thread(target=measure, daemon=True).start()
    limits = ["--memory-limit", sys.argv[3], "--threads", "2", "-q"]
    code = run_cli(["ingest", sys.argv[1], "--case", sys.argv[2], *limits])
    over.set()
    print(max(peaks))
    sys.exit(code)
"""


def test_memory_stays_below_the_limit_and_the_result_is_the_same(tmp_path, line):
    """All processes together, over a log of several row groups."""
    (tmp_path / "logs").mkdir()
    rows = b"".join(line(n, end_user=f"{n * 7919 % 104729:x}" * 400) + b"\n" for n in range(30_000))
    (tmp_path / "logs" / "a.jsonl").write_bytes(rows)
    (tmp_path / "measured.py").write_text(MEASURED)
    tables = []
    for limit in ("448MB", "2GB"):
        command = [sys.executable, tmp_path / "measured.py", tmp_path / "logs", tmp_path / limit, limit]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        if limit == "448MB":
            assert int(done.stdout.split()[-1]) < 448_000_000
        tables.append({path.name: path.read_bytes() for path in (tmp_path / limit / "data").rglob("*.parquet")})
    assert tables[0] == tables[1]


def test_ctrl_c_waits_while_a_process_is_started_and_does_not_reach_it():
    """It comes in the middle of the start; afterwards it ends the run, and the new process never hears of it."""
    asks = "import signal; print(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []))"
    said, before = [], signal.getsignal(signal.SIGINT)

    def start():
        with supervision._interrupts_held():
            os.kill(os.getpid(), signal.SIGINT)
            said.append(subprocess.run([sys.executable, "-c", asks], capture_output=True, text=True, check=True).stdout)

    with pytest.raises(KeyboardInterrupt):
        start()

    assert ["True\n"] == said
    assert before == signal.getsignal(signal.SIGINT)
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])
