"""The stage writes two tables that are the same at any thread count, and does nothing if nothing changed."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import threading
import time
from typing import TYPE_CHECKING, Any

import duckdb
import polars as pl
import pytest

from distilforensics.analysis.catalogue.loader import load_catalog
from distilforensics.analysis.heuristics import runner, stage, views
from distilforensics.analysis.heuristics.stage import WRITES, scan
from distilforensics.case.engines.duckdb import Limits, select
from distilforensics.case.tables import read_rows
from distilforensics.core.errors import CaseError, HeuristicError
from distilforensics.core.progress import Silent
from distilforensics.core.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable

    from distilforensics.case.layout import Case
    from distilforensics.core.sqlfile import SqlFile

    MakeCase = Callable[..., Case]

GIVEN: dict[str, list[dict[str, Any]]] = {
    "exchange_features": [
        {"repeat": 600, "accounts": 30, "every": "60s", "prefix_template": "prefix:frame", "prompt_hash": "p{i}"},
        {"repeat": 400, "account_id": "other_{noise(i, 60)}", "every": "97s", "prompt_hash": "o{i}", "input_tokens": 9},
    ],
    "exchanges": [
        {"repeat": 600, "account_id": "a", "prompt_text": "text"},
        {"repeat": 400, "account_id": "b", "prompt_sha256": "hash", "input_tokens": 9},
    ],
}
LIMITS = Limits(memory_bytes=500_000_000, threads=2)


def test_a_scan_writes_observations_and_states(make_case: MakeCase) -> None:
    """The frame fires; the rows carry id, version, hash and family of the heuristic."""
    case = make_case("case", GIVEN)
    outcome = scan(case, LIMITS, Silent())
    (heuristic,) = load_catalog(["structure.template_span"])
    (observation,) = [row for row in read_rows(case, "observations") if row["heuristic_id"] == heuristic.id]
    assert observation["entity_id"] == "prefix:frame"
    assert observation["is_fired"]
    assert observation["sha256"] == heuristic.sha256
    assert (observation["family"], observation["entity_type"], observation["version"]) == (
        "structure",
        "group",
        heuristic.version,
    )
    assert json.loads(observation["details"])["n_distinct_prompts"] == 600
    assert outcome.n_rows == {name: len(read_rows(case, name)) for name in WRITES}


def test_every_heuristic_has_a_state_with_a_reason_unless_it_was_judged(make_case: MakeCase) -> None:
    """Answers are nowhere, so their return is not evaluated and says why; texts are, so S1 is judged on all rows."""
    case = make_case("case", GIVEN)
    scan(case, LIMITS, Silent())
    states = {row["heuristic_id"]: row for row in read_rows(case, "heuristic_states")}
    assert list(states) == [heuristic.id for heuristic in load_catalog()]
    for row in states.values():
        assert (row["reason"] is None) == (row["state"] in ("fired", "silent"))
    returned = states["harvest.output_reentry"]
    assert (returned["state"], returned["reason"]) == (
        "not_evaluated",
        "no exchange carries response_text or response_sha256",
    )
    assert (returned["evaluable_rows"], returned["total_rows"], returned["n_entities"]) == (0, 1000, 0)
    span = states["structure.template_span"]
    assert (span["state"], span["evaluable_rows"], span["n_entities"], span["n_fired"]) == ("fired", 1000, 1, 1)
    assert json.loads(span["parameters"])["min_accounts"] == 20


def test_the_same_case_gives_the_same_bytes_with_one_and_with_four_threads(make_case: MakeCase) -> None:
    """Threads change the time and nothing else."""
    written = []
    for threads in (1, 4):
        case = make_case(f"case_{threads}", GIVEN)
        scan(case, Limits(500_000_000, threads), Silent())
        written.append([case.table_path(name).read_bytes() for name in WRITES])
    assert written[0] == written[1]


def test_every_query_is_executed_once(make_case: MakeCase, monkeypatch: pytest.MonkeyPatch) -> None:
    """A heuristic that fires is not asked again what it would say with less; those whose columns nobody logged are not asked."""
    case, asked = make_case("case", GIVEN), []

    def ask(connection: object, file: SqlFile, values: object) -> object:
        asked.append(file.name)
        return select(connection, file, values)

    monkeypatch.setattr(runner, "select", ask)
    scan(case, LIMITS, Silent())
    judged = [row["heuristic_id"] for row in read_rows(case, "heuristic_states") if row["state"] in ("fired", "silent")]
    assert len(set(asked)) == len(asked)
    assert {name.split(".")[1] for name in judged} <= set(asked)
    assert "output_reentry" not in asked


def test_a_log_too_large_to_be_copied_gives_the_same_bytes(
    make_case: MakeCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Copies in the engine save time and nothing else."""
    written = []
    for max_rows in (views.MAX_HELD_ROWS, -1):
        monkeypatch.setattr(views, "MAX_HELD_ROWS", max_rows)
        case = make_case(f"case_{max_rows}", GIVEN)
        scan(case, LIMITS, Silent())
        written.append([case.table_path(name).read_bytes() for name in WRITES])
    assert written[0] == written[1]


def test_rows_are_in_the_order_that_the_schema_states(make_case: MakeCase) -> None:
    """Heuristic, then entity."""
    case = make_case("case", GIVEN)
    scan(case, LIMITS, Silent())
    for name in ("observations", "heuristic_states"):
        keys = [(row["heuristic_id"], row.get("entity_id", "")) for row in read_rows(case, name)]
        assert keys == sorted(keys)
        assert "ordered by heuristic_id" in TABLES[name].grain


def test_a_second_scan_has_nothing_to_do_until_the_choice_changes(make_case: MakeCase) -> None:
    """The record of the stage holds the parameters of the chosen heuristics."""
    case = make_case("case", GIVEN)
    assert not scan(case, LIMITS, Silent(), ["structure"]).is_skipped
    assert scan(case, LIMITS, Silent(), ["structure"]).is_skipped
    assert not scan(case, LIMITS, Silent(), ["structure.template_span"]).is_skipped
    assert [row["heuristic_id"] for row in read_rows(case, "heuristic_states")] == ["structure.template_span"]


def test_clusters_are_groups_too(make_case: MakeCase) -> None:
    """A cluster's whole traffic is judged, here by the turns that its accounts take."""
    given = {
        "exchange_features": [
            {"repeat": 600, "accounts": 30, "every": "60s"},
            {"repeat": 1000, "account_id": "other_{i % 40}", "every": "97s"},
        ],
        "exchanges": [{"account_id": "a"}],
        "cluster_members": [{"repeat": 30, "cluster_id": "cluster:c", "account_id": "acct_00{i // 10}{i % 10}"}],
    }
    case = make_case("case", given)
    scan(case, LIMITS, Silent(), ["coordination.rotation"])
    (observation,) = read_rows(case, "observations")
    assert (observation["entity_id"], observation["is_fired"], observation["n_accounts"]) == ("cluster:c", True, 30)


def test_progress_names_every_heuristic_and_the_result(make_case: MakeCase) -> None:
    """The command line can say what is being worked on."""

    class Recorder(Silent):
        items: list[str | None] = []  # noqa: RUF012
        summary = ""

        def advance(self, *, rows: int = 0, n_bytes: int = 0, steps: int = 0, item: str | None = None) -> None:
            self.items.append(item)

        def end(self, summary: str) -> None:
            self.summary = summary

    recorder = Recorder()
    scan(make_case("case", GIVEN), LIMITS, recorder, ["structure.template_span"])
    assert recorder.items == ["structure.template_span"]
    assert recorder.summary == "1 of 1 heuristics fired"


def test_a_case_without_features_is_refused(make_case: MakeCase) -> None:
    """The message names the table and the stage that writes it."""
    case = make_case("case", GIVEN)
    case.table_path("templates").unlink()
    with pytest.raises(CaseError, match="table templates is missing; stage features writes it"):
        scan(case, LIMITS, Silent())


def test_an_unknown_heuristic_is_refused_before_anything_runs(make_case: MakeCase) -> None:
    """Nothing is written."""
    case = make_case("case", GIVEN)
    with pytest.raises(HeuristicError, match=r"no heuristic or family has the name 'structure\.nothing'"):
        scan(case, LIMITS, Silent(), ["structure.nothing"])
    assert not case.table_files("observations")


def test_ctrl_c_ends_queries_that_run_beside_each_other(make_case: MakeCase, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two heuristics ask what never ends, in one query after the other; none goes on, also once polars has taken the signal for itself."""
    endless = "SELECT count(*) FROM range(100000) AS a, range(100000) AS b, range(100000) AS c"
    pl.LazyFrame({"number": [1]}).collect()
    case, begun = make_case("case", GIVEN), threading.Semaphore(0)

    def ask(connection: Any, *_: Any) -> None:
        begun.release()
        for _again in range(2):
            with contextlib.suppress(duckdb.InterruptException):
                connection.execute(endless)

    def press() -> None:
        begun.acquire()
        begun.acquire()
        time.sleep(0.2)
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(stage, "run_heuristic", ask)
    threading.Thread(target=press, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        scan(case, Limits(memory_bytes=2_000_000_000, threads=2), Silent())
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("heuristics_")]
