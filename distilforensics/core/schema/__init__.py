"""The tables of a case: every column with its type, unit and meaning. Stages meet in these tables and nowhere else.

Conventions: identifiers are VARCHAR, never numbers; NULL means "the source does not carry it"; times are UTC without zone
in microseconds; shares run from 0 to 1; a doubtful conversion keeps its raw twin. Columns may be added, never changed.
"""

from __future__ import annotations

from distilforensics.core.schema.assessment import (
    ACCOUNTS,
    CALIBRATION,
    CAMPAIGN_EVIDENCE,
    CAMPAIGN_EXPLANATIONS,
    CAMPAIGN_FACTS,
    CAMPAIGNS,
    ERROR_RATES,
    EXPLAINED_GROUPS,
)
from distilforensics.core.schema.columns import (
    COUNT,
    FLAG,
    KEPT_AS,
    NUMBERS,
    REAL,
    SCHEMA_VERSION,
    TEXT,
    TEXT_FINGERPRINTS,
    TEXTS,
    TIME,
    Column,
    Table,
)
from distilforensics.core.schema.features import (
    ACCOUNT_ATTRIBUTES,
    ACCOUNT_DAYS,
    ACCOUNT_PROFILES,
    ACCOUNT_TRAITS,
    CUSTOMERS,
    EXCHANGE_FEATURES,
    FINGERPRINTS,
    HEALTH_CHECKS,
    NEXT_PROMPTS,
    POPULATIONS,
    REASONING_PLACES,
    REASONING_USES,
    RECONCILIATION,
    RECONCILIATION_TOTALS,
    TEMPLATE_EXCHANGES,
    TEMPLATES,
)
from distilforensics.core.schema.heuristics import HEALTH_COSTS, HEURISTIC_STATES, OBSERVATIONS
from distilforensics.core.schema.ingest import (
    ACCOUNT_MAILBOXES,
    ACCOUNTS_DIRECTORY,
    ANNOUNCED_FILES,
    DUPLICATES,
    EXCHANGES,
    FIELD_MAPPINGS,
    JOINED_RECORDS,
    OUT_OF_SCOPE,
    QUARANTINE,
    SOURCES,
    USAGE_SUMS,
)
from distilforensics.core.schema.linkage import (
    ACCOUNT_CALLS,
    CLUSTER_MEMBERS,
    CLUSTERS,
    GROUP_LOADS,
    LINK_COVERAGE,
    LINKS,
    SHARED_VALUES,
    TIE_GROUPS,
    TIE_SURROUNDINGS,
    WORK_TIES,
)
from distilforensics.core.schema.power import POWER

__all__ = [
    "ACCOUNTS", "ACCOUNTS_DIRECTORY", "ACCOUNT_ATTRIBUTES", "ACCOUNT_CALLS", "ACCOUNT_DAYS", "ACCOUNT_MAILBOXES", "ACCOUNT_PROFILES",
    "ACCOUNT_TRAITS", "ANNOUNCED_FILES", "CALIBRATION", "CAMPAIGNS", "CAMPAIGN_EVIDENCE", "CAMPAIGN_EXPLANATIONS", "CAMPAIGN_FACTS",
    "CLUSTERS", "CLUSTER_MEMBERS", "COUNT", "CUSTOMERS", "DUPLICATES", "ERROR_RATES", "EXCHANGES", "EXCHANGE_FEATURES", "EXPLAINED_GROUPS",
    "FIELD_MAPPINGS", "FINDINGS_TABLES", "FINGERPRINTS", "FLAG", "GROUP_LOADS", "HEALTH_CHECKS", "HEALTH_COSTS", "HEURISTIC_STATES",
    "JOINED_RECORDS", "KEPT_AS", "LINKS", "LINK_COVERAGE", "NEXT_PROMPTS", "NUMBERS", "OBSERVATIONS", "OUT_OF_SCOPE", "POPULATIONS",
    "POWER", "QUARANTINE", "REAL", "REASONING_PLACES", "REASONING_USES", "RECONCILIATION", "RECONCILIATION_TOTALS", "SCHEMA_VERSION",
    "SHARED_VALUES", "SOURCES", "TABLES", "TEMPLATES", "TEMPLATE_EXCHANGES", "TEXT", "TEXTS", "TEXT_FINGERPRINTS", "TIE_GROUPS",
    "TIE_SURROUNDINGS", "TIME", "USAGE_SUMS", "WORK_TIES", "Column", "Table",
]  # fmt: skip

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        EXCHANGES, SOURCES, QUARANTINE, DUPLICATES, OUT_OF_SCOPE, FIELD_MAPPINGS, JOINED_RECORDS, ACCOUNTS_DIRECTORY, ACCOUNT_MAILBOXES,
        USAGE_SUMS, ANNOUNCED_FILES,
        ACCOUNT_TRAITS, FINGERPRINTS, EXCHANGE_FEATURES, TEMPLATES, ACCOUNT_PROFILES, CUSTOMERS, NEXT_PROMPTS, ACCOUNT_DAYS,
        ACCOUNT_ATTRIBUTES, TEMPLATE_EXCHANGES, POPULATIONS, REASONING_USES, REASONING_PLACES, HEALTH_CHECKS, RECONCILIATION, RECONCILIATION_TOTALS,
        LINKS, LINK_COVERAGE, CLUSTERS, CLUSTER_MEMBERS, OBSERVATIONS, HEURISTIC_STATES, HEALTH_COSTS,
        ACCOUNT_CALLS, WORK_TIES, GROUP_LOADS, TIE_GROUPS, TIE_SURROUNDINGS, SHARED_VALUES,
        CAMPAIGNS, CAMPAIGN_FACTS, CAMPAIGN_EXPLANATIONS, CAMPAIGN_EVIDENCE, EXPLAINED_GROUPS, ACCOUNTS, CALIBRATION, ERROR_RATES, POWER,
    )
}  # fmt: skip
"""Every table by name, in order of the data flow."""

FINDINGS_TABLES = frozenset(
    {
        "accounts",
        "calibration",
        "campaigns",
        "campaign_evidence",
        "campaign_explanations",
        "campaign_facts",
        "error_rates",
        "explained_groups",
    }
)
"""Tables that live in findings/ as the contract for other programs; the rest lives in data/."""
