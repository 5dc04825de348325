"""A flood of shared values by a few accounts uses up the budget of pairs for them, not for others."""

import duckdb
import pytest

from distilforensics.analysis.made import analysis_graph

BUDGET = 20_000
HIDDEN = [f"pool_{i}" for i in range(30)]


def routes(rows):
    """Return value -> how agreements on it are found, for rows of account and value."""
    connection = duckdb.connect()
    connection.execute(
        "create table account_attributes (account_id varchar, attribute varchar, value varchar, n bigint)"
    )
    connection.executemany("insert into account_attributes values (?, 'ip', ?, 1)", rows)
    connection.execute(
        "create table customers as select distinct account_id, account_id as named_customer from account_attributes"
    )
    connection.execute(
        "create table comparisons as select 'ip' as attribute, 0 as family_no, true as pairs, 0.9 as m, 0::bigint as window_millibits"
    )
    connection.execute(f"create table link_thresholds as select {BUDGET} as max_pairs_per_attribute")
    file = analysis_graph().maker["link_values"].file
    return {row[2]: row[7] for row in connection.execute(file.body).fetchall()}


@pytest.mark.parametrize("n_values", [0, 1000])
def test_a_flood_of_values_hides_no_pool(n_values):
    """Forty accounts share a thousand addresses, each rarer than those of a pool of thirty."""
    pool = [(account, f"10.0.0.{i}") for account in HIDDEN for i in range(3)]
    flood = [(f"flood_{(i + j) % 40}", f"192.0.2.{i}") for i in range(n_values) for j in range(20)]
    everybody = [(f"other_{i}", f"198.51.100.{i}") for i in range(2000)]
    found = routes([*pool, *flood, *everybody])
    assert {found[f"10.0.0.{i}"] for i in range(3)} == {"pairs"}
    assert ("capped" in found.values()) == bool(n_values)
