"""A flood of shared values by a few accounts uses up the budget of pairs for them, not for others."""

from dataclasses import replace

import duckdb
import numpy as np
import pytest

from distilforensics.analysis.frames import Sample, find_frames
from distilforensics.analysis.nodes import analysis_graph
from distilforensics.analysis.shared_content import frame_rules

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


def frames_of(n_flooded):
    """Return which wordings of the frames that are found belong to a pool of twelve, beside frames that thirty others share."""
    groups = [(12, 1), *[(30, 0)] * n_flooded]
    prompts, values, accounts = [], [], []
    for number, (n_accounts, is_pool) in enumerate(groups):
        for account in range(n_accounts):
            own = 1_000_000 + 1000 * len(accounts)
            wording = sorted([*range(100 * number, 100 * number + 10), own])
            prompts += [len(accounts)] * len(wording)
            values += wording
            accounts.append(account + (1000 if is_pool else 0))
    shared = np.arange(100 * len(groups))
    edges = np.arange(len(accounts))
    sample = Sample(*(np.array(column, np.int64) for column in (prompts, values, accounts)), edges, edges)
    kept = np.isin(sample.values, shared)
    sample = replace(sample, prompts=sample.prompts[kept], values=sample.values[kept])
    rules = replace(frame_rules(), max_trials=60)
    return [
        int(value) for value in find_frames(sample, (shared, np.full(len(shared), 3000)), rules).values if value < 100
    ]


@pytest.mark.parametrize("n_flooded", [0, 3, 200])
def test_a_flood_of_frames_hides_no_frame(n_flooded):
    """Thirty accounts share up to 200 frames, each more widespread than that of a pool of twelve, and there are trials for seven."""
    assert frames_of(n_flooded) == list(range(10))
