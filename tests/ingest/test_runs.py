"""Runs of records without id that repeat: found whatever surrounds them, and only if chance is no explanation."""

import numpy as np

from distilforensics.ingest.tables.runs import repeated_runs


def runs(*sources, n_a_tick=1):
    """Repeated records of sources, each given as a list of numbers; so many numbers have one time."""
    hashes = np.array([n * 0x9E3779B97F4A7C15 % 2**64 for source in sources for n in source], np.uint64)
    numbers = np.array([i for i, source in enumerate(sources) for _ in source], np.uint64)
    times = np.array([n // n_a_tick for source in sources for n in source], np.int64)
    return repeated_runs(hashes, numbers, times)


def pairs(found):
    """(record, first occurrence) of all repeated records."""
    return list(zip(found.rows.tolist(), found.originals.tolist(), strict=True))


def test_a_run_in_another_source_is_repeated():
    """Twelve records come again, in the middle of others."""
    found = runs(range(20), [100, 101, *range(4, 16), 102])
    assert pairs(found) == [(22 + i, 4 + i) for i in range(12)]


def test_seven_records_are_too_few():
    """One less than a run."""
    assert pairs(runs(range(20), [100, *range(7), 101])) == []
    assert len(pairs(runs(range(20), [100, *range(8), 101]))) == 8


def test_a_run_in_another_order_is_no_run():
    """The same records, shuffled, may be the same clients at work."""
    assert pairs(runs(range(20), [(n * 7) % 20 for n in range(20)])) == []


def test_a_burst_of_one_request_is_no_run():
    """Eight equal lines in one second come from one client in a hurry."""
    assert pairs(runs([5] * 30, [5] * 30)) == []
    assert pairs(runs([1, 2, 3] * 10)) == []


def test_a_log_that_was_written_twice_into_one_file_is_found():
    """Rotation by copying and truncating, while the shipper starts again."""
    found = runs([*range(50), *range(50), *range(50, 60)])
    assert pairs(found) == [(50 + i, i) for i in range(50)]


def test_the_third_copy_leads_to_the_first():
    """Chains end at a record that is no duplicate."""
    found = runs(range(10), range(10), [*range(10), 99])
    assert {original for _, original in pairs(found)} == set(range(10))


def test_records_left_over_that_repeat_are_counted_per_source():
    """Equal lines outside of runs are kept and counted."""
    found = runs([1, 1, 2], [1, 2, 2, 2])
    assert (pairs(found), found.n_repeated) == ([], {0: 1, 1: 2})


def test_runs_never_span_sources():
    """The end of one file and the beginning of the next are no run."""
    assert pairs(runs(range(8), range(4), range(4, 8))) == []


def test_nothing_gives_nothing():
    """No records, and fewer than a run."""
    assert pairs(runs([])) == []
    assert pairs(runs([1, 2, 3], [1, 2, 3])) == []


def test_turns_taken_within_one_tick_are_no_run():
    """Nine clients one after the other, again and again, in one second: that is how a pool looks, not a copy."""
    assert pairs(runs([*range(9)] * 6, n_a_tick=9)) == []
    assert pairs(runs([*range(9)] * 2, n_a_tick=5)) != []
