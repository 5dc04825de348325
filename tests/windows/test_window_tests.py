"""Window tests: who differs, who does not, what is left out, and that the same log gives the same bytes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from distilforensics.analysis.stage import build_features, link_accounts
from distilforensics.case.engines.duckdb import Limits, connect
from distilforensics.case.layout import Case, create_case
from distilforensics.case.stages import file_sha256
from distilforensics.case.tables import read_rows, write_batches, write_rows
from distilforensics.core.progress import Silent
from distilforensics.core.schema import EXCHANGES
from distilforensics.heuristics.views import MIN_GROUP_ACCOUNTS, create_empty_tables, create_library
from distilforensics.windows import parameters
from distilforensics.windows.comparison import Sample, Scale, compare
from distilforensics.windows.sketch import DIMENSIONS, UNIT, text_vectors, word_hashes, word_vectors
from distilforensics.windows.stage import compare_windows
from distilforensics.windows.windows import Sums, read_windows

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SOURCE = "ab" * 32
LIMITS = Limits(500_000_000, 1)
START = datetime(2026, 3, 2)
TOPICS = {
    "cooking": "how long do potatoes boil, which onions suit a soup, and what makes a sauce thick and smooth",
    "travel": "which trains run to the coast on sundays, where can a bicycle be hired, when do ferries leave",
    "code": "my function returns none instead of a list, the loop stops early, why does the index overflow",
    "garden": "when are tomatoes planted out, what eats the leaves of roses, must lawns be watered in spring",
    "law": "can a lease be ended early, who pays for repairs of the heating, is a verbal contract binding",
}
HARVEST = "imagine the internal reasoning behind a finished answer, then write out each intermediate step"


def words(topic: str, number: int) -> str:
    """Return a prompt of words of a topic in an order of its own."""
    chance = np.random.default_rng(number)
    return " ".join(chance.permutation(topic.split())[:9])


class Log:
    """A log of people with a topic each, and groups with what a test gives them."""

    def __init__(self) -> None:
        """Start empty."""
        self.exchanges: list[dict[str, Any]] = []
        self.directory: list[dict[str, Any]] = []

    def send(self, account: str, prompt: str | None, **values: Any) -> None:
        """Add one exchange."""
        n = len(self.exchanges)
        base = {
            "record_id": f"{SOURCE[:16]}:{n + 1}",
            "source_sha256": SOURCE,
            "source_line": n + 1,
            "account_id": account,
            "started_at": START + timedelta(minutes=7 * n),
            "model_served": f"model-{sum(account.encode()) % 3}",
            "output_tokens": 20 + (n * 7) % 300,
            "prompt_text": prompt,
        }
        self.exchanges.append(base | values)

    def people(self, n: int, per_account: int = 12) -> None:
        """Add ordinary accounts, each with one topic."""
        for number in range(n):
            topic = list(TOPICS.values())[number % len(TOPICS)]
            for i in range(per_account):
                self.send(f"person_{number:03d}", words(topic, 1000 * number + i))

    def group(
        self, name: str, n: int, text: Callable[[int, int], str | None], per_account: int = 12, **values: Any
    ) -> None:
        """Add accounts of one tenant, whose prompts follow from account and exchange."""
        for number in range(n):
            account = f"{name}_{number:02d}"
            self.directory.append({"account_id": account, "tenant_id": name, "source_sha256": SOURCE})
            for i in range(per_account):
                self.send(account, text(number, i), **values)

    def case(self, root: Path) -> Case:
        """Write the case up to linkage."""
        case = create_case(root)
        for table in ("duplicates", "quarantine", "out_of_scope"):
            write_rows(case, table, [])
        write_rows(case, "sources", [{"source_sha256": SOURCE, "path": "log.jsonl", "role": "log"}])
        write_rows(case, "accounts_directory", self.directory)
        table = pa.Table.from_pylist(self.exchanges, schema=EXCHANGES.arrow)
        case.table_path("exchanges").mkdir(parents=True)
        write_batches(case, "exchanges", table.to_batches(), path=case.table_path("exchanges") / "part.parquet")
        build_features(case, LIMITS, Silent())
        link_accounts(case, LIMITS, Silent())
        return case

    def tests(self, root: Path) -> dict[tuple[str, str], dict[str, Any]]:
        """Return the window tests by group and view."""
        case = self.case(root)
        compare_windows(case, LIMITS, Silent())
        return {(row["group_id"], row["view"]): row for row in read_rows(case, "window_tests")}


def ordinary(number: int, i: int) -> str:
    """Return what an ordinary account of a group writes: a topic of its own."""
    return words(list(TOPICS.values())[number % len(TOPICS)], 7_000_000 + 1000 * number + i)


def diluted(number: int, i: int) -> str:
    """Return a prompt of an account of which every other exchange belongs to a harvest."""
    return words(HARVEST, 1000 * number + i) if i % 2 else ordinary(number, i)


def test_a_diluted_pool_differs_and_a_mixed_team_does_not(tmp_path: Path) -> None:
    """No account of either repeats a prompt; half of the pool's exchanges come from one set of tasks."""
    log = Log()
    log.people(80)
    log.group("pool", 20, diluted)
    log.group("team", 20, ordinary)
    tests = log.tests(tmp_path / "case")
    pool, team = tests["tenant:pool", "prompt"], tests["tenant:team", "prompt"]

    assert 0.002 == pool["p_value"]
    assert pool["statistic"] > 2 * pool["null_q99"]
    assert [0.002] * 10 == pool["p_without_tenth"]
    assert 0.01 < team["p_value"]
    assert (1, 0.5) == (pool["n_tenants"], pool["p_among_tenants"])
    assert 1.0 == team["p_among_tenants"]


def test_what_differs_is_named_with_counts_of_accounts(tmp_path: Path) -> None:
    """Three consecutive words that many accounts of the group share."""
    log = Log()
    log.people(80)
    log.group("pool", 20, lambda number, i: f"{ordinary(number, i)} write out each intermediate step")
    row = log.tests(tmp_path / "case")["tenant:pool", "prompt"]

    assert row["excess"][0].startswith("'each intermediate step': 20 of 20 accounts, elsewhere 0 of ")


def test_a_template_does_not_speak_for_its_own_accounts(tmp_path: Path) -> None:
    """Accounts that share one frame and are mixed otherwise: without the frame nothing is left that differs."""
    log = Log()
    log.people(80)
    frame = "please answer the following question of a customer in a friendly tone: "
    log.group("users", 20, lambda number, i: (frame if i % 4 == 0 else "") + ordinary(number, i))
    tests = log.tests(tmp_path / "case")
    [prefix] = [group for group, view in tests if group.startswith("prefix:") and view == "prompt"]

    assert 180 == tests[prefix, "prompt"]["n_exchanges_tested"]
    assert 0.01 < tests[prefix, "prompt"]["p_value"]
    assert 0.002 == tests["tenant:users", "prompt"]["p_value"]


def test_calls_are_compared_without_any_text(tmp_path: Path) -> None:
    """A log of metadata alone: the view of calls is tested, the others say what they lack."""
    log = Log()
    for number in range(80):
        for i in range(12):
            log.send(
                f"person_{number:03d}",
                None,
                max_output_tokens=2 ** (number % 9),
                temperature=(number % 5) / 4,
                output_tokens=10 + i,
            )
    log.group("pool", 20, lambda *_: None, max_output_tokens=4096, temperature=0.7, output_tokens=900)
    tests = log.tests(tmp_path / "case")

    assert 0.002 == tests["tenant:pool", "call"]["p_value"]
    assert any(text.startswith("'output limit 4096': 20 of 20") for text in tests["tenant:pool", "call"]["excess"])
    assert "inconclusive" == tests["tenant:pool", "prompt"]["state"]
    assert tests["tenant:pool", "prompt"]["reason"].startswith("too little to compare: 0 exchanges of 0 accounts")


def test_a_small_rest_is_refused_with_the_size_that_would_do(tmp_path: Path) -> None:
    """Fifteen other accounts cannot say what is ordinary for twenty."""
    log = Log()
    log.people(15)
    log.group("pool", 20, diluted)
    row = log.tests(tmp_path / "case")["tenant:pool", "prompt"]

    assert ("inconclusive", None) == (row["state"], row["p_value"])
    assert "the rest of the log is too small" in row["reason"]
    assert row["reason"].endswith("so 20 at least")


def test_threads_and_repetition_change_nothing(tmp_path: Path) -> None:
    """Equal bytes with one thread and with two."""
    log = Log()
    log.people(60)
    log.group("pool", 20, diluted)
    hashes = []
    for threads in (1, 2):
        case = log.case(tmp_path / f"case{threads}")
        compare_windows(case, Limits(500_000_000, threads), Silent())
        hashes.append(file_sha256(case.table_path("window_tests")))

    assert hashes[0] == hashes[1]


def test_a_log_without_groups_gives_an_empty_table(tmp_path: Path) -> None:
    """Nothing to compare is no error."""
    log = Log()
    log.people(3)

    assert {} == log.tests(tmp_path / "case")


def test_tenths_are_those_that_stability_runs_leave_out(tmp_path: Path) -> None:
    """The stage and the catalogue cut a group alike."""
    log = Log()
    log.people(30)
    log.group("pool", 23, lambda _, i: f"one frame for every task that this group sends, task {words(HARVEST, i)}")
    case = log.case(tmp_path / "case")
    compare_windows(case, LIMITS, Silent())
    from distilforensics.windows.stage import query

    with connect(case, limits=LIMITS) as connection:
        create_empty_tables(connection, [])
        create_library(connection)
        for name in ("tested_groups", "group_members"):
            file = query(name)
            values = {key: parameters.value("groups", key) for key in file.header["params"]}
            connection.execute(f"create temp table {name} as {file.body}", values)
        found = connection.execute(
            "select count(*), count(*) filter (where a.tenth = m.tenth) from all_group_accounts as a "
            "join group_members as m on m.group_id = a.group_id and m.account_id = a.account_id"
        ).fetchone()

    assert found is not None
    assert found[0] == found[1]
    assert found[0] >= 23
    assert MIN_GROUP_ACCOUNTS == parameters.value("groups", "min_group_accounts")


@pytest.mark.parametrize(("n_rest", "n_group", "most"), [(600, 15, 64), (120, 60, 1)])
def test_ordinary_groups_are_called_different_as_often_as_stated(n_rest: int, n_group: int, most: int) -> None:
    """At p <= 0.1, of 200 groups with a rest of their own about 20, also where the rest is small and accounts are single exchanges."""
    chance = np.random.default_rng(3)
    common = chance.normal(0, 60, DIMENSIONS)

    def people(n: int) -> Sums:
        sums = Sums.empty(n)
        sums.n[:] = chance.integers(1, most + 1, n)
        tastes = chance.normal(0, 1, (n, 1)) * common + chance.normal(0, 60, (n, DIMENSIONS))
        sums.vectors[:] = sums.n[:, None] * tastes
        return sums

    p_values = []
    for seed in range(200):
        reference, group = people(n_rest), people(n_group)
        scale = Scale.of(reference, np.arange(n_rest))
        samples = [Sample(scale.apply(sums), sums.n) for sums in (group, reference)]
        tenths = np.arange(n_group) * 10 // n_group
        p_values.append(compare(samples[0], tenths, samples[1], seed=seed, n_null=19).p_value)

    assert 4 <= sum(p <= 0.1 for p in p_values) <= 38
    assert 0.42 <= np.mean(p_values) <= 0.62


def test_leaving_out_a_tenth_equals_a_group_without_it() -> None:
    """The observed statistic of the partial group is that of a group which never had these accounts."""
    from distilforensics.windows.comparison import _statistics

    chance = np.random.default_rng(8)
    pool = Sample(chance.integers(-90, 90, (30, DIMENSIONS)).astype(np.int32), chance.integers(1, 65, 30))
    tenths = np.repeat(np.arange(10), 2)
    places = np.arange(20)
    whole = _statistics(pool, places[None, :], tenths)
    without = _statistics(pool, places[None, tenths != 4], tenths[tenths != 4])

    assert whole[0, 4] == without[0, -1]


def test_one_account_alone_resembles_nobody() -> None:
    """Pairs of exchanges of the same account do not count."""
    from distilforensics.windows.comparison import _statistics

    pool = Sample(np.full((1, DIMENSIONS), 5000, dtype=np.int32), np.array([64]))

    assert 0 == _statistics(pool, np.array([[0]]), np.array([0]))[0, -1]


@pytest.mark.parametrize("size", [1, 3, 2048])
def test_batches_of_any_size_give_equal_sums(size: int) -> None:
    """Whole numbers may be added in any order."""
    rows = [
        {
            "account_no": i % 4,
            "prompt": words(TOPICS["law"], i) if i % 3 else None,
            "answer": "é漢字 \U0001f600" if i % 2 else None,
            "call": [f"hour {i % 5}", "model a"],
            "templates": ["prefix:a"] if i % 2 else [],
        }
        for i in range(20)
    ]
    table = pa.Table.from_pylist(rows)
    slots = {"prefix:a": np.array([0, 1, -1, -1])}
    whole = read_windows(table.to_batches(), 4, slots, 2)
    parts = read_windows(table.to_batches(max_chunksize=size), 4, slots, 2)

    for view, windows in whole.items():
        assert (windows.accounts.vectors == parts[view].accounts.vectors).all()
        assert (windows.carried.n == parts[view].carried.n).all()
    assert [0, 5] == whole["call"].carried.n.tolist()
    assert 10 == whole["answer"].accounts.n.sum()


def test_vectors_have_one_length_and_do_not_depend_on_neighbours() -> None:
    """A text alone and among others gives the same row; the empty text has a row as well."""
    texts = ["", "a", TOPICS["code"], "漢字" * 50]
    rows = text_vectors(texts)

    assert all((text_vectors([text])[0] == row).all() for text, row in zip(texts, rows, strict=True))
    assert np.sqrt(np.square(rows[2:]).sum(axis=1)) == pytest.approx(UNIT, rel=0.02)


def test_hashes_are_the_same_on_every_machine() -> None:
    """Values that were computed once; other ones would change every p-value."""
    assert [9787483487357319561] == word_hashes(["hour 9"]).tolist()
    assert 1 == np.count_nonzero(word_vectors(word_hashes(["hour 9"]), np.array([0]), 1))
    assert [41, 74, 86, 122, 162, 254, 442] == np.flatnonzero(text_vectors(["abc"])[0]).tolist()
