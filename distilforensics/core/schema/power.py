"""The tables of the stage `power`: what would have been found."""

from __future__ import annotations

from distilforensics.core.schema.columns import COUNT, FLAG, REAL, TEXT, Table, columns

POWER = Table(
    "power",
    "power",
    "one row per campaign planted in a copy of this log, ordered by is_careful, requests_per_day, dilution, n_accounts, seed; only if it was measured",
    columns(
        ("is_careful", FLAG, "the accounts share no payment method, address or sign-up time"),
        ("requests_per_day", COUNT, "exchanges per account and day, those for unrelated customers included"),
        ("dilution", REAL, "share of the accounts' exchanges that belongs to unrelated customers, as asked for"),
        ("n_accounts", COUNT, "planted accounts"),
        ("seed", COUNT, "everything random about the campaign depends on it"),
        ("exchanges_per_account", COUNT, "mean, rounded, those for unrelated customers included"),
        ("n_exchanges", COUNT, "exchanges of the campaign itself"),
        ("n_rerouted", COUNT, "exchanges of ordinary customers of the log that were rerouted through planted accounts"),
        ("n_found", COUNT, "planted accounts in campaigns graded moderate or strong"),
        ("grade", TEXT, "highest grade of a campaign that holds planted accounts; NULL if none does"),
        ("is_found", FLAG, "at least half of the planted accounts were found"),
        ("n_innocents", COUNT, "other accounts at moderate or strong that were not there without the planted campaign"),
    ),
)
