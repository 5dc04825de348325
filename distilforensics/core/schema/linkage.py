"""The tables of the stage `linkage`: which accounts belong together."""

from __future__ import annotations

import pyarrow as pa

from distilforensics.core.schema.columns import COUNT, FLAG, REAL, TEXT, TEXTS, Table, columns

LINKS = Table(
    "links",
    "linkage",
    "one row per account pair with a positive total match weight at or above the keeping threshold, ordered by account_a, account_b",
    columns(
        ("account_a", TEXT, "smaller account id"),
        ("account_b", TEXT, "larger account id"),
        ("weight", REAL, "sum of match weights, bits (log2 of m/u)"),
        ("n_attributes", COUNT, "attribute types that agree on a rare value"),
        ("attributes", pa.list_(pa.struct([("attribute", TEXT), ("value", TEXT), ("n_accounts", COUNT), ("weight", REAL), ("n_values", COUNT)])),
            "what the weight is the sum of: heaviest shared value, its accounts, bits, number of shared values; tenant weighs 0, differences less"),
    ),
)  # fmt: skip

LINK_COVERAGE = Table(
    "link_coverage",
    "linkage",
    "one row per compared attribute: what was compared and what was left out, ordered by attribute",
    columns(
        ("attribute", TEXT, "as in account_attributes"),
        ("family", TEXT, "attributes of one family count once"),
        ("m", REAL, "assumed chance that two accounts of one operator agree"),
        ("n_values", COUNT, "values that at least two accounts share"),
        ("n_values_popular", COUNT, "of these, as common among unrelated accounts as among related ones: they weigh nothing"),
        ("n_values_capped", COUNT, "of these, too common to make pairs; they only count for pairs that a rarer value has found"),
        ("max_accounts_pairing", COUNT, "accounts of the most common value that made pairs"),
        ("n_pairs", COUNT, "account pairs made"),
    ),
)  # fmt: skip

CLUSTERS = Table(
    "clusters",
    "linkage",
    "one row per linked cluster of accounts, ordered by cluster_id",
    columns(
        ("cluster_id", TEXT, "'cluster:' and 16 hex digits of the sorted member ids"),
        ("n_accounts", COUNT, "members"),
        ("n_links", COUNT, "links among members"),
        ("density", REAL, "n_links / possible pairs"),
        ("n_attribute_types", COUNT, "attribute types that bear links"),
        ("weakest_bridge_weight", REAL, "weight of the weakest link whose removal splits the cluster; NULL if none"),
        ("weakest_bridge", TEXTS, "its two accounts"),
        ("stability", REAL, "mean Jaccard similarity with the best-matching cluster at thresholds -25 % and +25 %"),
        ("attribute_types", TEXTS, "attribute types that bear links, sorted"),
        ("n_links_in_tenant", COUNT, "of n_links, those between accounts of one tenant, which explains them"),
    ),
)

CLUSTER_MEMBERS = Table(
    "cluster_members",
    "linkage",
    "one row per account in a cluster, ordered by cluster_id, account_id",
    columns(
        ("cluster_id", TEXT, "as in clusters"),
        ("account_id", TEXT, "as in exchanges"),
        ("n_links", COUNT, "links to other members"),
        ("weight", REAL, "sum of the weights of these links, bits"),
        ("stays_at_higher_threshold", FLAG, "still in the best-matching cluster at threshold +25 %"),
    ),
)

ACCOUNT_CALLS = Table(
    "account_calls",
    "linkage",
    "one row per account: what it could have handed over, ordered by account_id",
    columns(
        ("account_id", TEXT, "as in exchanges"),
        ("tenant_id", TEXT, "tenant"),
        ("organization", TEXT, "organisation"),
        ("payment_fingerprint", TEXT, "payment method"),
        ("email_domain", TEXT, "mail domain"),
        ("n_exchanges", COUNT, "exchanges without duplicates"),
        ("n_failed", COUNT, "failed calls: limited, error, blocked"),
        ("n_continuing", COUNT, "calls that go on with a conversation or name a session"),
        ("n_prompts", COUNT, "calls with a prompt or its hash"),
        (
            "n_answered",
            COUNT,
            "answered calls with work that was refused somewhere in the log, which few accounts send",
        ),
        ("n_answered_again", COUNT, "of these, those whose work another account sends next"),
    ),
)

RETRIED_WORKS = Table(
    "retried_works",
    "linkage",
    "one row per call with work that was refused somewhere in the log, ordered by record_id",
    columns(
        ("record_id", TEXT, "the call"),
        ("account_id", TEXT, "its account"),
        ("is_failed", FLAG, "limited, blocked, or an error outside of an outage"),
        ("is_shape", FLAG, "work without text: tokens, model, parameters and turns"),
        ("is_popular", FLAG, "more accounts send it than hand a call on"),
        ("work", TEXT, "hash of the prompt, or the shape"),
        ("other_record_id", TEXT, "the next call with the same work; NULL if there is none"),
        ("other_account_id", TEXT, "its account"),
        ("delay_us", COUNT, "microseconds between the starts of both"),
        ("goes_on", FLAG, "the next call is another account's and comes soon enough to be the same piece of work"),
    ),
)

WORK_TIES = Table(
    "work_ties",
    "linkage",
    "one row per call of one account that goes on at another, ordered by kind, record_id, other_record_id",
    columns(
        ("kind", TEXT, "handover (a failed call is sent next by another account), conversation (it goes on elsewhere), answer (it comes back elsewhere)"),
        ("record_id", TEXT, "the failed call, the call that was answered"),
        ("account_id", TEXT, "its account"),
        ("other_record_id", TEXT, "the call that follows"),
        ("other_account_id", TEXT, "its account"),
        ("delay_us", COUNT, "microseconds between the starts of both"),
        ("work", TEXT, "what makes them one piece of work; ties of one work are counted once"),
        ("relation", TEXT, "same: one tenant, organisation or payer; distinct: both are named and differ; unknown: anything else"),
    ),
)  # fmt: skip

GROUP_LOADS = Table(
    "group_loads",
    "linkage",
    "one row per group and account, ordered by group_id, account_id; groups of five accounts and more",
    columns(
        ("group_id", TEXT, "template or cluster"),
        ("account_id", TEXT, "account"),
        ("n_exchanges", COUNT, "exchanges that carry the template; all of a cluster's accounts"),
        ("n_failed", COUNT, "of these, failed ones"),
    ),
)

TIE_GROUPS = Table(
    "tie_groups",
    "linkage",
    "one row per handed-over call and template that it carries, ordered by record_id, group_id",
    columns(("record_id", TEXT, "the failed call"), ("group_id", TEXT, "template")),
)

TIE_SURROUNDINGS = Table(
    "tie_surroundings",
    "linkage",
    "one row per handed-over call of accounts that are not one customer's: calls around it and in its manner, ordered by record_id, other_record_id",
    columns(
        ("record_id", TEXT, "the failed call"),
        ("other_record_id", TEXT, "the call that follows"),
        ("n_before", COUNT, "other calls of the failed call's account in the hour before it"),
        ("n_after", COUNT, "the same in the hour after it"),
        ("n_other_before", COUNT, "other calls of the following call's account in the hour before that call"),
        ("n_other_after", COUNT, "the same in the hour after it"),
        ("n_own", COUNT, "calls of the failed call's account that it took over from nobody, without that call"),
        (
            "n_alike",
            COUNT,
            "of these, calls in the manner of the call that follows: client program, parameters and model",
        ),
        ("n_other_own", COUNT, "calls of the following call's account that it took over from nobody"),
        ("n_other_alike", COUNT, "of these, calls in the manner of the call that follows"),
    ),
)

SHARED_VALUES = Table(
    "shared_values",
    "linkage",
    "one row per value of identity that a few accounts share and account, ordered by kind, value, account_id",
    columns(
        ("kind", TEXT, "payment, signup (ten minutes), network (address or its network), mail (domain)"),
        ("value", TEXT, "the value"),
        ("account_id", TEXT, "account"),
    ),
)
