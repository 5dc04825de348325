"""Shared stand-ins for the stages, for tests of what is around them: a log with one account name per line becomes sources, exchanges, accounts and a report."""

import contextlib
import hashlib
import io
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from filelock import FileLock

from distilforensics.case.engines.duckdb import Limits
from distilforensics.case.layout import write_file
from distilforensics.case.stages import StageOutcome
from distilforensics.case.tables import read_rows, write_batches, write_rows
from distilforensics.cli.diagnostics import run_cli
from distilforensics.core.schema import TABLES
from distilforensics.ingest.options import Balance, IngestOptions, IngestSummary, SourceOutcome
from distilforensics.pipeline.steps import Step

ROOT = Path(__file__).parents[1]

SLOW = (
    "analysis/heuristics/test_catalog.py",
    "analysis/heuristics/test_coordination_statistics.py",
    "analysis/heuristics/test_degenerate_logs.py",
    "analysis/heuristics/test_runner.py",
    "analysis/heuristics/test_stage.py",
    "analysis/test_completeness.py",
    "analysis/test_features.py",
    "analysis/test_floods.py",
    "analysis/test_links.py",
    "analysis/test_reasoning_uses.py",
    "analysis/test_sharing.py",
    "analysis/test_spark.py",
    "analysis/test_reconciliation.py",
    "analysis/test_shared_content.py",
    "analysis/test_tie_surroundings.py",
    "analysis/test_work_ties.py",
    "assessment/test_calibration.py",
    "assessment/test_confounders.py",
    "assessment/test_error_rates.py",
    "assessment/test_levers.py",
    "assessment/test_stage.py",
    "audit/test_audit.py",
    "audit/test_soak.py",
    "case/test_notes.py",
    "case/test_signature.py",
    "cli/test_dead_ends.py",
    "cli/test_end_to_end.py",
    "cli/test_examples_run.py",
    "cli/test_foreign_exports.py",
    "cli/test_screens.py",
    "cli/test_reconcile.py",
    "cli/test_selftest.py",
    "cli/test_shapes.py",
    "cli/test_trouble.py",
    "evaluation/test_populations.py",
    "evaluation/test_validation_benchmark.py",
    "ingest/formats/test_examples.py",
    "ingest/formats/test_hostile_records.py",
    "ingest/test_csv_records.py",
    "ingest/test_decoding.py",
    "ingest/test_directories.py",
    "ingest/test_dirt.py",
    "ingest/test_documents.py",
    "ingest/test_duplicates.py",
    "ingest/test_inspection.py",
    "ingest/test_meaning.py",
    "ingest/test_no_line_is_lost.py",
    "ingest/test_parquet_records.py",
    "ingest/test_stage.py",
    "ingest/test_supervision.py",
    "ingest/test_usage.py",
    "pipeline/test_citation.py",
    "pipeline/test_own_catalog.py",
    "pipeline/test_matching.py",
    "pipeline/test_merge.py",
    "pipeline/test_power.py",
    "pipeline/test_replay.py",
    "pipeline/test_response.py",
    "report/",
    "simulate/",
    "test_documents.py",
    "test_generate.py",
    "test_readme.py",
    "test_samples.py",
    "test_wheel.py",
)
"""Tests that run the program on a log, simulate one, or try much of the catalogue. All others are `quick`: pytest -m quick takes less than a minute."""


SHARING = ("tests/report/", "tests/ingest/formats/")
"""Folders whose tests share reports, or planned queries, that take longer to make than the tests themselves."""


def pytest_configure(config):
    """Refuse names of slow tests that are gone, and let Ctrl-C work where a shell ignores it for what runs in the background: some tests press it."""
    gone = [name for name in SLOW if not (ROOT / "tests" / name).exists()]
    if gone:
        raise pytest.UsageError(f"SLOW in tests/conftest.py names what is not there: {', '.join(gone)}")
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items):
    """Mark every test as slow or quick, and put the slow files first, so that no worker begins one at the end."""
    for item in items:
        place = item.path.relative_to(ROOT / "tests").as_posix()
        item.add_marker("slow" if place.startswith(SLOW) else "quick")
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Keep tests that share what is made once on one worker: those of a file, or of some folders. Their order is that of above."""
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid):
            file = super()._split_scope(nodeid)
            return next((folder for folder in SHARING if file.startswith(folder)), file)

    config.option.loadscopereorder = False
    return Scheduling(config, log)


def run_sample(name, case, *options, logs=None, **environment):
    """Run the command on a sample log, or on a copy of it, from the folder of the project, and return what it said on stdout and stderr."""
    command = [
        sys.executable,
        "-m",
        "distilforensics",
        "run",
        str(logs or f"sample_logs/{name}/logs"),
        "--case",
        str(case),
        *options,
    ]
    environment = {**os.environ, "PYTHONHASHSEED": "0", **environment}
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout, result.stderr


@pytest.fixture(scope="session")
def sample_case(tmp_path_factory):
    """Return a function that gives the case of a sample log, with `said.txt` beside it: made once, whichever worker asks first. Copy it to change it."""
    folder = tmp_path_factory.getbasetemp()
    folder = folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder

    def case_of(name):
        case, done = folder / f"sample-{name}" / "case", folder / f"sample-{name}" / "done"
        with FileLock(folder / f"sample-{name}.lock"):
            if not done.exists():
                last, said = run_sample(name, case, "--threads", "1")
                assert last.endswith("report.html\n")
                (case.parent / "said.txt").write_text(said, encoding="utf-8")
                done.touch()
        return case

    return case_of


@pytest.fixture
def run_sample_again():
    """The function that runs the command on a sample log."""
    return run_sample


@pytest.fixture(scope="session")
def ran(tmp_path_factory):
    """Return a function that runs a line of a shell in a folder: in this process if it is a command of the program and nothing else."""
    program = tmp_path_factory.mktemp("bin") / "distilforensics"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m distilforensics "$@"\n', encoding="utf-8")
    program.chmod(0o755)

    def run(line, folder):
        words = shlex.split(line)
        if words[0] == "distilforensics" and not set(line) & set("|&;<>$*`"):
            return in_process(words[1:], folder)
        environment = os.environ | {
            "HOME": str(folder),
            "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path[1:]]),
        }
        return subprocess.run(
            ["sh", "-eu", "-c", line], cwd=folder, env=environment, capture_output=True, text=True, check=False
        )

    return run


def in_process(arguments, folder):
    """Return exit code and output of the program with these arguments, called in a folder."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run_cli(arguments)
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())


def read_names(case, inputs, options, limits, progress):
    """Read files that are not in the case yet; every line is an exchange of the account it names."""
    rows = read_rows(case, "sources") if case.table_files("sources") else []
    known = {row["source_sha256"] for row in rows}
    outcomes, skipped = [], []
    for path in inputs:
        content = Path(path).read_bytes()
        sha256 = hashlib.sha256(content).hexdigest()
        names = content.decode().split()
        balance = {
            "n_read": len(names),
            "n_kept": len(names),
            "n_quarantined": 0,
            "n_duplicate": 0,
            "n_out_of_scope": 0,
        }
        if sha256 in known:
            skipped.append(path)
            continue
        exchanges = [
            {"record_id": f"{sha256[:16]}:{line}", "source_sha256": sha256, "source_line": line, "account_id": name}
            for line, name in enumerate(names, start=1)
        ]
        table = pa.Table.from_pylist(exchanges, schema=TABLES["exchanges"].arrow)
        write_batches(case, "exchanges", table.to_batches(), path=case.table_path("exchanges") / f"{sha256}.parquet")
        rows.append({"source_sha256": sha256, "path": str(path), "role": "log", "n_bytes": len(content)} | balance)
        outcomes.append(SourceOutcome(path, "log", None, "names/1", Balance(len(names), len(names))))
    write_rows(case, "sources", rows)
    total = sum((Balance(row["n_read"], row["n_kept"]) for row in rows), Balance())
    return IngestSummary(tuple(outcomes), total, tuple(skipped))


def find_accounts(case, limits, progress):
    """Make a campaign of all accounts whose name begins with `pool`."""
    names = sorted({row["account_id"] for path in case.table_files("exchanges") for row in read_part(path)})
    pool = [name for name in names if name.startswith("pool")]
    member = {"campaign_id": "C-1", "grade": "moderate"}
    rows = [{"account_id": name, "n_exchanges": 1} | (member if name in pool else {}) for name in names]
    write_rows(case, "accounts", rows)
    campaign = {"campaign_id": "C-1", "grade": "moderate", "n_accounts": len(pool), "n_exchanges": len(pool)}
    write_rows(case, "campaigns", [campaign] if pool else [])
    write_rows(case, "explained_groups", [])
    return StageOutcome("assessment", is_skipped=False, n_rows={"accounts": len(names)})


def read_part(path):
    """Rows of one part."""
    import pyarrow.parquet as pq

    return pq.read_table(path, columns=["account_id"]).to_pylist()


def write_report(case, limits, progress):
    """Write a report, or skip if it is there."""
    target = case.report / "report.html"
    content = f"<p>{read_rows(case, 'accounts')}</p>".encode()
    if target.exists() and target.read_bytes() == content:
        return StageOutcome("report", is_skipped=True)
    write_file(target, content)
    return StageOutcome("report", is_skipped=False, n_rows={})


@pytest.fixture
def fake_stages():
    """Arguments of `run_case` that replace the stages."""
    return {"steps": (Step("assessment", find_accounts), Step("report", write_report)), "read": read_names}


@pytest.fixture
def small_limits():
    """Small limits."""
    return Limits(memory_bytes=512_000_000, threads=1)


@pytest.fixture
def reading():
    """Defaults."""
    return IngestOptions()


@pytest.fixture
def names_log(tmp_path):
    """A log of four exchanges of three accounts."""
    path = tmp_path / "names.log"
    path.write_text("pool-a\npool-b\nalone\nalone\n")
    return path


class Notes:
    """A receiver of progress that keeps notes."""

    def __init__(self):
        self.notes = []

    def begin(self, stage, description, *, total_bytes=None, total_steps=None):
        """Ignore."""

    def advance(self, *, rows=0, n_bytes=0, steps=0, item=None):
        """Ignore."""

    def end(self, summary):
        """Ignore."""

    def note(self, text):
        """Keep."""
        self.notes.append(text)


@pytest.fixture
def notes():
    """Collects notes."""
    return Notes()
