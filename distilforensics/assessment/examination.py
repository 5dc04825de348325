"""Asks every question about every candidate: which facts it shows, who may operate it, what else explains it, how much that weighs."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from distilforensics.assessment.candidate import Candidate
from distilforensics.assessment.confounding import check_confounders
from distilforensics.assessment.examined import Examined
from distilforensics.assessment.facts import find_facts
from distilforensics.assessment.grades import decide
from distilforensics.assessment.operators import Egress, Nights, ask_operators, customers_of
from distilforensics.assessment.parameters import PARAMETERS
from distilforensics.assessment.queries import create_table, rows_of
from distilforensics.core.finding import Grade

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    import duckdb

    from distilforensics.assessment.confounding import Check
    from distilforensics.assessment.fact import Fact
    from distilforensics.assessment.log import Log
    from distilforensics.assessment.tie_weights import Accounts


def examine(
    connection: duckdb.DuckDBPyConnection, log: Log, candidates: Sequence[Candidate], catalog: Path | None = None
) -> list[Examined]:
    """Return the candidates about which something can be said, with their answers, campaigns first, the strongest first.

    Args:
        connection: An engine with the tables of the case.
        log: What is reasoned about.
        candidates: Candidates, with no account in common.
        catalog: Catalogue of the user's own, whose explanations are asked as well.
    """
    write_pairs(
        connection,
        "candidate_members",
        ("candidate_id", "account_id"),
        [(c.candidate_id, a) for c in candidates for a in sorted(c.accounts)],
    )
    write_pairs(
        connection,
        "candidate_templates",
        ("candidate_id", "template_id"),
        [(c.candidate_id, t) for c in candidates for t in c.templates],
    )
    create_table(connection, "candidate_exchanges")
    egress = {row.pop("candidate_id"): Egress(**row) for row in rows_of(connection, "egress")}
    nights = {row.pop("candidate_id"): Nights(**row) for row in rows_of(connection, "nights")}
    checks = check_confounders(connection, [c.candidate_id for c in candidates], catalog)
    totals = {row.pop("candidate_id"): row for row in rows_of(connection, "candidate_totals")}
    own: dict[str, dict[str, int]] = {}
    for row in rows_of(connection, "own_exchanges"):
        own.setdefault(row["candidate_id"], {})[row["account_id"]] = row["n_exchanges"]
    outside = frozenset(log.accounts).difference(*(c.accounts for c in candidates))
    examined = [
        _answer(
            log,
            c,
            outside,
            egress.get(c.candidate_id, Egress(None, 0)),
            nights.get(c.candidate_id, Nights(0, 0)),
            checks[c.candidate_id],
            totals[c.candidate_id],
            own[c.candidate_id],
        )
        for c in candidates
    ]
    return sorted((e for e in examined if e.verdict.grade is not Grade.INCONCLUSIVE), key=lambda e: e.strength)


def _answer(
    log: Log,
    candidate: Candidate,
    outside: Accounts,
    egress: Egress,
    nights: Nights,
    checks: list[Check],
    totals: dict[str, Any],
    own: dict[str, int],
) -> Examined:
    facts = find_facts(log, candidate, outside, PARAMETERS)
    operators = ask_operators(log, candidate.accounts, facts, egress, nights, PARAMETERS)
    verdict = decide(
        facts,
        may_be_one_operator=any(explanation.caps for explanation in operators),
        left_out=_left_out(log, candidate, outside),
    )
    return Examined(candidate, tuple(facts), tuple(operators), tuple(checks), verdict, totals, own)


def _left_out(log: Log, candidate: Candidate, outside: Accounts) -> Mapping[str, Callable[[], Collection[Fact]]]:
    """Return what a grade must not depend on: the largest customer, and the account with most ties."""
    found: dict[str, Callable[[], Collection[Fact]]] = {}
    customers = customers_of(log, candidate.accounts)
    busiest = Counter(
        account
        for account in sorted(candidate.accounts)
        for tie in log.ties_of.get(account, ())
        if candidate.accounts.issuperset(tie.ends)
    )
    if customers:
        found["the largest customer"] = lambda: _facts_without(log, candidate, customers[0], outside)
    if busiest:
        found["the account with most ties"] = lambda: _facts_without(
            log, candidate, frozenset({busiest.most_common(1)[0][0]}), outside
        )
    return found


def _facts_without(log: Log, candidate: Candidate, left_out: Accounts, outside: Accounts) -> Collection[Fact]:
    rest = Candidate(
        candidate.candidate_id, candidate.accounts - left_out, candidate.groups, candidate.templates, candidate.n_tried
    )
    return find_facts(log, rest, outside, PARAMETERS) if rest.accounts else []


def write_pairs(
    connection: duckdb.DuckDBPyConnection, name: str, columns: tuple[str, str], rows: Sequence[tuple[str, str]]
) -> None:
    """Create a temporary table of two text columns."""
    first, second = columns
    connection.execute(
        f"create or replace temp table {name} as select unnest($first::varchar[]) as {first}, unnest($second::varchar[]) as {second}",
        {"first": [row[0] for row in rows], "second": [row[1] for row in rows]},
    )
