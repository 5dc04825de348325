"""When not to trust order: coarse clocks make the order of exchanges arbitrary, and a sampled log has lost it.

Both make heuristics that rest on order or on repetition meaningless.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from distilforensics.analysis.heuristics.views import query
from distilforensics.case.engines.duckdb import select
from distilforensics.core.finding import EntityType

if TYPE_CHECKING:
    import duckdb

    from distilforensics.analysis.catalogue.loader import Heuristic

MAX_TIE_SHARE = 0.2
"""Share of consecutive exchanges that may share a coarse start time before order is called unresolved."""

MIN_COMPLETENESS = 0.8
"""Share of turns whose exchange before is in the log, below which the log is called a sample.

Whole logs show 1.0, less where clients rewrite earlier turns or call several tools at once; logs of which every second exchange is left show 0.65.
"""

MIN_COMPLETENESS_ACCOUNTS = 10
"""Accounts with conversations below which completeness is not known."""


def unresolved_entities(connection: duckdb.DuckDBPyConnection, heuristic: Heuristic, entities: list[str]) -> set[str]:
    """Return the entities in which the order of exchanges cannot be told.

    Groups are looked at one by one, because a busy log with second resolution may hold groups whose own order is plain.
    For accounts and the log as a whole the log decides.
    """
    if heuristic.entity is EntityType.GROUP:
        _, rows = select(connection, query("group_ties"), {"groups": entities})
        return {group_id for group_id, share in rows if share > MAX_TIE_SHARE}
    share = log_tie_share(connection)
    return set(entities) if share > MAX_TIE_SHARE else set()


def log_tie_share(connection: duckdb.DuckDBPyConnection) -> float:
    """Return the share of consecutive exchanges of the log that share a start time written in whole seconds or coarser."""
    _, ((share,),) = select(connection, query("log_ties"))
    return float(share or 0.0)


def log_completeness(connection: duckdb.DuckDBPyConnection) -> float | None:
    """Return the share of turns whose exchange before is in the log, for the median account; None if it cannot be told.

    Two measures are taken, and the higher one counts: what only one of them misses has another reason than sampling.
    Sampling spares nobody. So where some accounts have long conversations without a gap the log is whole, however many others have
    histories that nobody sent: whoever makes them up cannot make the heuristics inconclusive that look for them.
    """
    ((n_whole,),) = connection.execute(
        "select coalesce(max(n_accounts), 0) from populations where measure = 'whole_conversations'"
    ).fetchall()
    if n_whole >= MIN_COMPLETENESS_ACCOUNTS:
        return 1.0
    ((share,),) = connection.execute(
        "select max(median) from populations where measure in ('conversation_steps', 'conversation_predecessors') and n_accounts >= ?",
        [MIN_COMPLETENESS_ACCOUNTS],
    ).fetchall()
    return None if share is None else float(share)
