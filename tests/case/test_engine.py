"""The engine reads one case and can be stopped."""

import signal
import threading
import time

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from distilforensics.case.engines.duckdb import connect, explained, require_select
from distilforensics.case.layout import create_case
from distilforensics.core.errors import IntegrityError, UsageError
from distilforensics.core.schema import TABLES
from distilforensics.core.sqlfile import SqlFile

ENDLESS = "SELECT count(*) FROM range(10000000000) AS a, range(10000000000) AS b"


@pytest.fixture
def case(tmp_path):
    """An empty case."""
    return create_case(tmp_path / "case")


def run_and_interrupt(case, run):
    """Run a query and send this process the signal of Ctrl-C from another thread in a moment."""
    with connect(case) as connection:
        threading.Timer(0.3, signal.raise_signal, [signal.SIGINT]).start()
        run(connection)


@pytest.mark.parametrize(
    "run", [lambda c: c.execute(ENDLESS), lambda c: c.sql(ENDLESS).to_arrow_reader(1000)], ids=["execute", "arrow"]
)
def test_ctrl_c_ends_a_running_query(case, run):
    """However the query was started."""
    with pytest.raises(KeyboardInterrupt):
        run_and_interrupt(case, run)


def test_ctrl_c_in_a_function_of_ours_is_no_error_of_a_query(case):
    """The engine makes an error of whatever a function raises."""

    def ask(connection):
        connection.create_function("slowly", lambda n: time.sleep(0.05) or n, ["BIGINT"], "BIGINT", side_effects=True)
        with explained(SqlFile("endless", {"id": "endless"}, ""), {}):
            connection.execute("SELECT sum(slowly(n)) FROM range(1000) AS t(n)").fetchall()

    with pytest.raises(KeyboardInterrupt):
        run_and_interrupt(case, ask)


def test_the_wakeup_descriptor_is_given_back(case):
    """Other code may use one."""
    before = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(before)
    with connect(case):
        pass

    assert before == signal.set_wakeup_fd(before)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_text('{outside}')",
        "SELECT * FROM read_csv('{inside}/../secret.txt')",
        "SELECT * FROM '{outside}'",
        "COPY (SELECT 1) TO '{outside}'",
        "ATTACH '{outside}.db'",
        "INSTALL httpfs",
        "SET memory_limit = '100GB'",
        "SET enable_external_access = true",
        "SET allowed_directories = ['/']",
        "SELECT * FROM read_csv('https://example.invalid/x.csv')",
    ],
)
def test_nothing_outside_of_the_case_can_be_reached(case, tmp_path, statement):
    """Files elsewhere, settings, extensions, network."""
    import duckdb

    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    with connect(case) as connection, pytest.raises(duckdb.Error):
        connection.execute(statement.format(outside=secret, inside=case.root)).fetchall()

    assert "secret" == secret.read_text()


@pytest.mark.parametrize(
    "text",
    ["", "SELECT 1; SELECT 2", "CREATE TABLE t (a INT)", "DELETE FROM exchanges", "COPY (SELECT 1) TO 'x'", "SELEC 1"],
)
def test_only_one_select_is_accepted(case, text):
    """Evidence is read."""
    with connect(case) as connection, pytest.raises(UsageError):
        require_select(connection, text)


@pytest.mark.parametrize(
    "query",
    [
        "with x as (copy (select 1) to 'anywhere.csv') select 1",
        "with x as (insert into t values (1)) select 1",
        "with x as (delete from t returning *) select * from x",
        "select * from (with x as (update t set a = 1 returning *) select * from x)",
        "copy (select 1) to 'anywhere.csv'",
        "select 1; select 2",
        "drop table t",
        "",
    ],
)
def test_a_query_that_writes_at_any_depth_is_refused(case, query):
    """The case is evidence; a WITH may hold statements that write."""
    with connect(case) as connection, pytest.raises(UsageError):
        require_select(connection, query)


@pytest.mark.parametrize(
    "query",
    [
        "select 1 as copy",
        "with recursive n as (select 1 as i union all select i + 1 from n where i < 3) select * from n",
        "select (select max(a) from (values (1), (2)) as t (a)) union select 3",
    ],
)
def test_a_query_that_only_reads_is_returned(case, query):
    """Nested, recursive and united queries are all reading."""
    with connect(case) as connection:
        assert query == require_select(connection, query)


@pytest.mark.parametrize("damage", ["text", "columns"])
def test_a_query_that_meets_a_damaged_table_names_it(case, damage):
    """Text that is no UTF-8 within a file, and a column of another type."""
    schema = TABLES["duplicates"].arrow
    rows = pa.Table.from_pylist([{"record_id": "a:1", "duplicate_of": "a:0", "duplicate_class": "exact_line"}], schema)
    if damage == "columns":
        rows = rows.set_column(0, "record_id", pa.array([b"a:1"], pa.binary()))
    path = case.table_path("duplicates")
    pq.write_table(rows, path, compression="none", use_dictionary=False, write_statistics=False)
    path.write_bytes(path.read_bytes().replace(b"exact_line", b"exact\xe9line"))
    with pytest.raises(IntegrityError, match="table duplicates cannot be read"), connect(case) as connection:
        connection.execute("select record_id || duplicate_class from duplicates").fetchall()


def test_a_wrong_query_over_whole_tables_is_no_damage(case):
    """It is a fault of this program, and stays one."""
    pq.write_table(TABLES["duplicates"].arrow.empty_table(), case.table_path("duplicates"))
    with pytest.raises(duckdb.BinderException), connect(case) as connection:
        connection.execute("select no_such_column from duplicates")
