"""Logs at the edge of what can be computed: every heuristic answers, none stops the scan."""

from __future__ import annotations

from typing import Any

import pytest

from distilforensics.analysis.catalogue.loader import load_catalog
from distilforensics.analysis.catalogue.testing import create_tables, scratch_connection
from distilforensics.analysis.heuristics.runner import run_heuristic
from distilforensics.core.finding import State

ALIKE = {
    "tenant_id": "t", "model": "m", "operation": "chat", "status": "ok", "finish_reason": "stop", "client_ip": "192.0.2.1",
    "ip_prefix": "192.0.2.0/24", "user_agent": "u", "client": "u", "end_user_id": "e", "session_id": "s", "prompt_hash": "p",
    "response_hash": "r", "system_template": "system:s", "prefix_template": "prefix:p", "suffix_template": "suffix:s",
    "parameter_template": "parameters:p", "lexicon_marks": ["cot_elicitation", "grader_rubric", "task_code", "task_math"],
    "is_refused": True, "n_turns": 1, "n_tools": 1, "tools_sha256": "t", "prompt_chars": 90, "n_choices": 1, "temperature": 0,
}  # fmt: skip
"""Texts that all exchanges share."""

LOGS: dict[str, list[dict[str, Any]]] = {
    "no exchange at all": [],
    "one exchange": [{"account_id": "a"}],
    "only accounts and times": [{"repeat": 1000, "accounts": 40}],
    "one account": [{"repeat": 1000, "account_id": "a", "every": "60s", "input_tokens": 5, "output_tokens": 5} | ALIKE],
    "all exchanges alike at one instant": [
        {"repeat": 1000, "accounts": 40, "every": "0s", "input_tokens": 5, "output_tokens": 5, "max_output_tokens": 5} | ALIKE
    ],
    "tokens all zero": [
        {"repeat": 1000, "accounts": 40, "every": "60s", "input_tokens": 0, "output_tokens": 0, "max_output_tokens": 0} | ALIKE
    ],
    "everything limited": [{"repeat": 1000, "accounts": 40, "every": "9s"} | ALIKE | {"status": "limited"}],
    "every account a stranger": [
        {"repeat": 1000, "account_id": "a{i}", "every": "60s", "input_tokens": 1, "output_tokens": 100000000, "prompt_hash": "p{i}"}
    ],
    "a group that is the whole log": [
        {"repeat": 2000, "accounts": 40, "every": "37m", "input_tokens": 5, "output_tokens": 500} | ALIKE | {"prompt_hash": "p{i}"}
    ],
}  # fmt: skip

CLUSTER = [
    {"repeat": 40, "cluster_id": "cluster:c", "account_id": "acct_00{i // 10}{i % 10}", "n_links": 3, "weight": 9}
]


@pytest.mark.parametrize("name", LOGS)
def test_every_heuristic_answers(name: str) -> None:
    """States follow the rule, and nothing is infinite."""
    with scratch_connection() as connection:
        create_tables(connection, {"exchange_features": LOGS[name], "cluster_members": CLUSTER})
        for heuristic in load_catalog():
            outcome = run_heuristic(connection, heuristic)
            assert (outcome.reason is None) == (outcome.state in (State.FIRED, State.SILENT))


def test_a_log_of_strangers_lets_no_heuristic_fire() -> None:
    """A thousand accounts with one exchange each share nothing."""
    with scratch_connection() as connection:
        create_tables(connection, {"exchange_features": LOGS["every account a stranger"]})
        fired = [heuristic.id for heuristic in load_catalog() if run_heuristic(connection, heuristic).fired]
    assert fired == []
