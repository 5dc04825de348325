"""The tables of the stage `heuristics`: what the tests of the catalogue observed."""

from __future__ import annotations

from distilforensics.core.schema.columns import COUNT, FLAG, REAL, TEXT, Table, columns

HEALTH_COSTS = Table(
    "health_costs",
    "heuristics",
    "one row per check that costs something and heuristic that suffers from it, ordered by check_id, part, heuristic_id",
    columns(
        ("check_id", TEXT, "as in health_checks"),
        ("part", TEXT, "as in health_checks"),
        ("heuristic_id", TEXT, "as in heuristic_states"),
        ("effect", TEXT, "is switched off (not evaluated or inconclusive), or sees less"),
    ),
)

OBSERVATIONS = Table(
    "observations",
    "heuristics",
    "one row per heuristic and entity that had enough volume to be judged, ordered by heuristic_id, entity_id",
    columns(
        ("heuristic_id", TEXT, "such as coordination.equal_load"),
        ("version", COUNT, "version of the heuristic"),
        ("sha256", TEXT, "hash of its normalised query"),
        ("family", TEXT, "structure, harvest, coordination, infrastructure, evasion"),
        ("entity_type", TEXT, "account, group (a template or a cluster) or log"),
        ("entity_id", TEXT, "account_id, template_id, cluster_id or 'log'"),
        ("is_fired", FLAG, "the stated condition holds"),
        ("value", REAL, "the measure, unit in the heuristic's header"),
        ("baseline", REAL, "what the rest of this log shows"),
        ("threshold", REAL, "the value at which it fires"),
        ("n_exchanges", COUNT, "exchanges that the value rests on"),
        ("n_accounts", COUNT, "accounts that the value rests on"),
        ("details", TEXT, "the heuristic's further output columns as JSON, sorted keys"),
    ),
)

HEURISTIC_STATES = Table(
    "heuristic_states",
    "heuristics",
    "one row per heuristic, ordered by heuristic_id",
    columns(
        ("heuristic_id", TEXT, "id"),
        ("code", TEXT, "short code of the catalogue, such as K2"),
        ("title", TEXT, "title"),
        ("family", TEXT, "family"),
        ("level", TEXT, "lead, low, medium, high, critical; leads are shown and never counted"),
        ("version", COUNT, "version"),
        ("sha256", TEXT, "hash of its normalised query"),
        ("parameters", TEXT, "values used, JSON"),
        ("state", TEXT, "fired, silent, not_evaluated, inconclusive"),
        ("reason", TEXT, "missing column or missing volume; NULL if fired or silent"),
        ("evaluable_rows", COUNT, "exchanges that carry every needed column"),
        ("total_rows", COUNT, "exchanges"),
        ("n_entities", COUNT, "entities judged"),
        ("n_fired", COUNT, "entities on which it fired"),
        ("value_unit", TEXT, "unit of the value in observations"),
        ("value_meaning", TEXT, "what that value measures"),
    ),
)
