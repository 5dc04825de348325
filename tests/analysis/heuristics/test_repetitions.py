"""Judging a small log from copies, and all tenths at once, says what judging the stored tables one tenth at a time says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from distilforensics.analysis.heuristics import views
from distilforensics.analysis.heuristics.casefile import read_cases
from distilforensics.analysis.heuristics.loader import Heuristic, load_catalog
from distilforensics.analysis.heuristics.runner import count_stability, run_heuristic
from distilforensics.analysis.heuristics.testing import create_tables, scratch_connection
from distilforensics.analysis.heuristics.thresholds import judge_moved
from distilforensics.core.finding import EntityType

if TYPE_CHECKING:
    from distilforensics.analysis.heuristics.casefile import TestCase

GROUPS = [heuristic for heuristic in load_catalog() if heuristic.entity is EntityType.GROUP]


def judged(heuristic: Heuristic, case: TestCase) -> tuple[list[str], list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the fired groups, their stability, and what fires at moved thresholds."""
    with scratch_connection() as connection:
        create_tables(connection, case.given)
        outcome = run_heuristic(connection, heuristic, None, case.params)
        stability = count_stability(connection, heuristic, outcome.fired, case.params)
        groups = [row["entity_id"] for row in outcome.observations]
        return outcome.fired, stability, judge_moved(connection, heuristic, groups, outcome.fired, groups)


@pytest.mark.parametrize("heuristic", GROUPS, ids=lambda heuristic: heuristic.id)
def test_copies_and_joint_repetitions_change_nothing(heuristic: Heuristic, monkeypatch: pytest.MonkeyPatch) -> None:
    """The id of a group may stand nowhere but in the group views, else a group under another name would be judged otherwise."""
    case = next(case for case in read_cases(heuristic) if case.kind == "fires")
    at_once = judged(heuristic, case)
    monkeypatch.setattr(views, "MAX_HELD_ROWS", -1)
    assert at_once == judged(heuristic, case)
    assert at_once[0]
    assert len(at_once[1]) == len(at_once[0])


def test_groups_shown_under_several_names_are_told_apart() -> None:
    """Each tenth has its own copy of the group, without the accounts of that tenth and with all accounts in the comparison."""
    with scratch_connection() as connection:
        create_tables(
            connection, {"exchange_features": [{"repeat": 100, "accounts": 20, "every": "1s", "prefix_template": "prefix:f"}]}
        )  # fmt: skip
        views.show_groups(connection, ["prefix:f"], ["started_at"])
        views.leave_out_tenths(connection, [0, 9])
        shown = connection.execute("select group_id, n_accounts, kind from groups order by group_id").fetchall()
        assert [(views.whole_group(name), n, kind) for name, n, kind in shown] == [("prefix:f", 18, "prefix")] * 2
        for table, n_rows in (("group_exchanges", 90), ("group_accounts", 18), ("all_group_accounts", 20)):
            query = f"select count(*) from {table} where group_id = $1"
            assert [connection.execute(query, [name]).fetchall() for name, _, _ in shown] == [[(n_rows,)]] * 2
