"""The tables of the stage `features`: what is told of exchanges, accounts and groups."""

from __future__ import annotations

import pyarrow as pa

from distilforensics.core.schema.columns import COUNT, FLAG, NUMBERS, REAL, TEXT, TEXTS, TIME, Table, columns

ACCOUNT_TRAITS = Table(
    "account_traits",
    "features",
    "one row per account with a start, ordered by account_id: traits that make groups of accounts",
    columns(
        ("account_id", TEXT, "as in exchanges"),
        ("n_pauses", COUNT, "pauses between consecutive exchanges, nights left out"),
        ("pace", REAL, "median pause / mean pause; near 0 for sessions, 0.69 for chance, 1 for a circle"),
        ("is_even", FLAG, "enough pauses on enough days, and an even pace"),
    ),
)

FINGERPRINTS = Table(
    "fingerprints",
    "features",
    "one row per exchange with text that is no duplicate and has an account and a start, ordered by record_id; hashes of passages of 48 bytes",
    columns(
        ("record_id", TEXT, "as in exchanges"),
        ("account_id", TEXT, "as in exchanges"),
        ("prompt_begin", COUNT, "hash of the first passage of the prompt; NULL if it is shorter"),
        ("prompt_end", COUNT, "hash of its last passage"),
        ("prompt_wording", NUMBERS,
            "sketch of the wording at both edges of the prompt: up to 32 numbers; the share on which two agree estimates their likeness"),
        ("prompt_passages", NUMBERS, "hashes of sampled passages of the prompt, sorted, at most 96"),
        ("system_passages", NUMBERS, "likewise of the system prompt"),
        ("response_passages", NUMBERS, "likewise of the answer"),
    ),
)  # fmt: skip

EXCHANGE_FEATURES = Table(
    "exchange_features",
    "features",
    "one row per exchange that is no duplicate and has an account and a start, ordered by started_at, record_id; no text",
    columns(
        ("record_id", TEXT, "as in exchanges"),
        ("account_id", TEXT, "as in exchanges"),
        ("tenant_id", TEXT, "from the log, else from the accounts directory"),
        ("started_at", TIME, "UTC"),
        ("time_resolution_us", COUNT, "microseconds"),
        ("model", TEXT, "model served, else requested"),
        ("operation", TEXT, "as in exchanges"),
        ("input_tokens", COUNT, "tokens"),
        ("output_tokens", COUNT, "tokens"),
        ("max_output_tokens", COUNT, "tokens"),
        ("response_bytes", COUNT, "bytes"),
        ("status", TEXT, "as in exchanges"),
        ("finish_reason", TEXT, "as in exchanges"),
        ("client_ip", TEXT, "canonical address; NULL if masked"),
        ("ip_prefix", TEXT, "/24 of an IPv4 or /48 of an IPv6 address"),
        ("user_agent", TEXT, "as in exchanges"),
        ("client", TEXT, "user agent with ja4 if present"),
        ("end_user_id", TEXT, "as in exchanges"),
        ("session_id", TEXT, "as in exchanges"),
        ("prompt_hash", TEXT, "16 hex digits of the normalised prompt, else of the exported hash"),
        ("response_hash", TEXT, "likewise for the response"),
        ("prompt_chars", COUNT, "characters"),
        ("response_chars", COUNT, "characters"),
        ("first_number", COUNT, "first whole number of up to 9 digits in the first 1000 characters of the prompt"),
        ("last_number", COUNT, "last one in the last 1000 characters"),
        ("n_turns", COUNT, "messages"),
        ("is_stream", FLAG, "as in exchanges"),
        ("n_choices", COUNT, "answers asked for"),
        ("temperature", REAL, "as in exchanges"),
        ("n_tools", COUNT, "tools offered"),
        ("tools_sha256", TEXT, "as in exchanges"),
        ("reasoning_signature_sha256", TEXT, "as in exchanges"),
        ("reasoning_refusals", TEXTS, "as in exchanges"),
        ("cache_read_tokens", COUNT, "input tokens read from cache"),
        ("latency_ms", REAL, "milliseconds"),
        ("http_status", COUNT, "HTTP status"),
        ("error_type", TEXT, "as in exchanges"),
        ("client_country", TEXT, "as in exchanges"),
        ("client_asn", COUNT, "as in exchanges"),
        ("api_key_id", TEXT, "as in exchanges"),
        ("project_id", TEXT, "as in exchanges"),
        ("source_format", TEXT, "as in exchanges"),
        ("system_template", TEXT, "template id of the system prompt"),
        ("prefix_template", TEXT, "template id of the beginning of the normalised prompt"),
        ("suffix_template", TEXT, "template id of the end of the normalised prompt"),
        ("parameter_template", TEXT, "template id of the call's parameters (the content-free shape)"),
        ("program_template", TEXT, "template id of the client program (user agent with ja4)"),
        ("pace_template", TEXT, "template id of the client program, for accounts that call at an even pace on several days"),
        ("near_template", TEXT, "template id of a frame that is worded anew for every request, or of several from mostly the same accounts; NULL without text"),
        ("passage_template", TEXT, "template id of a passage within changing texts; NULL without text"),
        ("lexicon_marks", TEXTS,
            "marks of the lexicon: cot_elicitation, encoded_block, grader_rubric, replayed_reasoning, task_code, task_math; NULL without text"),
        ("is_refused", FLAG,
            "declined: blocked, finish reason refusal or filter, or an answer that opens by declining; NULL if the call failed or none is logged"),
    ),
)  # fmt: skip

TEMPLATES = Table(
    "templates",
    "features",
    "one row per template used by at least `min_template_accounts` accounts, ordered by template_id",
    columns(
        ("template_id", TEXT, "kind, ':' and 16 hex digits"),
        ("kind", TEXT, "what exchanges have in common: one of the kinds in docs/writing-heuristics.md"),
        ("n_exchanges", COUNT, "exchanges"),
        ("n_accounts", COUNT, "accounts"),
        ("n_tenants", COUNT, "tenants"),
        ("n_distinct_prompts", COUNT, "distinct prompt_hash"),
        ("account_share", REAL, "n_accounts / accounts in the log"),
        ("first_seen", TIME, "UTC"),
        ("last_seen", TIME, "UTC"),
        ("sample_record_id", TEXT, "smallest record_id that carries it"),
        ("template_text", TEXT, "normalised text that defines it, at most 400 characters; parameters as key=value"),
    ),
)  # fmt: skip

ACCOUNT_PROFILES = Table(
    "account_profiles",
    "features",
    "one row per account, ordered by account_id",
    columns(
        ("account_id", TEXT, "as in exchanges"),
        ("tenant_id", TEXT, "most frequent tenant, smallest on a tie"),
        ("n_exchanges", COUNT, "exchanges"),
        ("n_ok", COUNT, "exchanges with status ok"),
        ("n_limited", COUNT, "exchanges with status limited"),
        ("input_tokens", COUNT, "tokens, all"),
        ("output_tokens", COUNT, "tokens, all"),
        ("n_with_tokens", COUNT, "exchanges with both token counts"),
        ("first_seen", TIME, "UTC"),
        ("last_seen", TIME, "UTC"),
        ("n_active_days", COUNT, "UTC days with at least one exchange"),
        ("n_active_hours_of_week", COUNT, "of 168, UTC"),
        ("n_distinct_prompts", COUNT, "distinct prompt_hash"),
        ("n_with_prompt", COUNT, "exchanges with a prompt_hash"),
        ("n_ips", COUNT, "distinct client_ip"),
        ("n_ip_prefixes", COUNT, "distinct ip_prefix"),
        ("n_user_agents", COUNT, "distinct user_agent"),
        ("n_end_users", COUNT, "distinct end_user_id"),
        ("n_models", COUNT, "distinct model"),
        ("created_at", TIME, "sign-up from the accounts directory"),
        ("payment_fingerprint", TEXT, "from the accounts directory"),
        ("email_domain", TEXT, "from the accounts directory"),
        ("plan", TEXT, "from the accounts directory"),
        ("organization", TEXT, "from the accounts directory"),
    ),
)

CUSTOMERS = Table(
    "customers",
    "features",
    "one row per account, ordered by account_id: whose it is, as far as the log says",
    columns(
        ("account_id", TEXT, "as in exchanges"),
        ("customer", TEXT,
            "its organisation, else its tenant, else its payment method if few accounts are paid by it, else itself: accounts with one customer are one hand"),
        ("named_customer", TEXT, "likewise without the payment method, which a pool shares as well: for counting customers and for what they share"),
        ("reason", TEXT, "what `customer` rests on: organisation, tenant, payer, alone (its source names tenants, none for it), unknown (nothing is logged)"),
    ),
)  # fmt: skip

NEXT_PROMPTS = Table(
    "next_prompts",
    "features",
    "one row per exchange whose prompt is sent again later, ordered by record_id: the next exchange with that prompt",
    columns(
        ("record_id", TEXT, "as in exchanges"),
        ("prompt_hash", TEXT, "as in exchange_features"),
        ("account_id", TEXT, "as in exchanges"),
        ("customer", TEXT, "as in customers"),
        ("next_record_id", TEXT, "the next exchange with the prompt, by start and record_id"),
        ("next_account_id", TEXT, "its account"),
        ("next_customer", TEXT, "its customer"),
        ("next_status", TEXT, "its status"),
        ("next_model", TEXT, "its model"),
        ("next_is_refused", FLAG, "its is_refused"),
        ("delay_us", COUNT, "microseconds from start to start"),
    ),
)

ACCOUNT_DAYS = Table(
    "account_days",
    "features",
    "one row per account and UTC day, ordered by account_id, day",
    columns(
        ("account_id", TEXT, "as in exchanges"),
        ("day", pa.date32(), "UTC day"),
        ("n_exchanges", COUNT, "exchanges"),
        ("output_tokens", COUNT, "tokens"),
    ),
)

ACCOUNT_ATTRIBUTES = Table(
    "account_attributes",
    "features",
    "one row per account, attribute and value: what linkage compares; ordered by attribute, value, account_id",
    columns(
        ("account_id", TEXT, "as in exchanges"),
        ("attribute", TEXT,
            "payment, email_domain, signup (10 minutes), ip, ip_prefix, client, api_key, handover (refused prompt sent next by the other), kinds of templates"),
        ("value", TEXT, "the value, templates by id"),
        ("n_exchanges", COUNT, "exchanges of the account that carry it; NULL for directory attributes"),
    ),
)  # fmt: skip

TEMPLATE_EXCHANGES = Table(
    "template_exchanges",
    "features",
    "one row per exchange and template in `templates`, ordered by template_id, started_at, record_id",
    columns(
        ("template_id", TEXT, "as in templates"),
        ("record_id", TEXT, "as in exchanges"),
        ("account_id", TEXT, "as in exchanges"),
        ("started_at", TIME, "UTC"),
        ("prompt_hash", TEXT, "as in exchange_features"),
    ),
)

POPULATIONS = Table(
    "populations",
    "features",
    "how whole the conversations of the log are, one row per measure, ordered by measure",
    columns(
        ("measure", TEXT,
            "conversation_steps and _predecessors: shares of turns whose exchange before is logged; whole_conversations: near 1"),
        ("n_accounts", COUNT, "accounts with enough exchanges for the measure"),
        ("median", REAL, "median over accounts"),
    ),
)  # fmt: skip

REASONING_PLACES = Table(
    "reasoning_places",
    "features",
    "one row per signature and place in requests where an account sends it, ordered by signature_sha256, account_id, sample_record_id",
    columns(
        ("account_id", TEXT, "as in exchanges"),
        ("signature_sha256", TEXT, "as in reasoning_uses"),
        ("n_exchanges", COUNT, "requests with the signature in this place"),
        ("sample_record_id", TEXT, "smallest record_id of these"),
        ("is_of_other", FLAG, "the signature was first seen on another account"),
        ("is_of_other_model", FLAG, "another model received the signature than the one that it is sent to here"),
        ("is_replay", FLAG, "another session or account, another first turn and another preceding turn than where it was first seen"),
    ),
)  # fmt: skip

REASONING_USES = Table(
    "reasoning_uses",
    "features",
    "one row per reasoning signature (or encrypted reasoning) and place it stands in, ordered by all columns up to is_answer",
    columns(
        ("signature_sha256", TEXT, "SHA-256 of the signature, as reasoning_signature_sha256 in exchanges"),
        ("account_id", TEXT, "as in exchanges"),
        ("session_id", TEXT, "as in exchanges"),
        ("opening_hash", TEXT, "16 hex digits of the text of the first user turn of the conversation; NULL if it has no text"),
        ("preceding_hash", TEXT,
            "likewise of the user turn or tool result that the reasoning follows; 'nothing' if none stands before it, 'without text' if it has no text"),
        ("is_answer", FLAG, "the exchange received the signature; false: its request carries it"),
        ("tenant_id", TEXT, "smallest tenant of these exchanges"),
        ("n_exchanges", COUNT, "exchanges"),
        ("first_seen", TIME, "UTC"),
        ("sample_record_id", TEXT, "smallest record_id"),
        ("model", TEXT, "model of that record: of an answer the one that made the signature"),
    ),
)  # fmt: skip

HEALTH_CHECKS = Table(
    "health_checks",
    "features",
    "one row per question about the state of the log and part of it, ordered by check_id, part",
    columns(
        ("check_id", TEXT, "name of the query, such as cut_texts"),
        ("part", TEXT, "what was looked at, such as prompt"),
        ("title", TEXT, "what was looked for"),
        ("verdict", TEXT, "fine, noticed (too little to cost anything), costs, cannot tell (nothing to look at)"),
        ("n_affected", COUNT, "of n_checked, how many are affected: records, ids, hours, days or files, as the part says"),
        ("n_checked", COUNT, "how many were looked at"),
        ("detail", TEXT, "where or how much; NULL if there is nothing to add"),
        ("example", TEXT, "record_id or account_id of one that is affected"),
        ("columns", TEXTS, "columns of `exchanges` or of the accounts directory that suffer"),
        ("facts", TEXTS, "facts that are harder to show, or cannot be shown"),
        ("concerns", TEXT, "order (of calls) or complete (that all are here); NULL if only columns suffer"),
        ("costs", TEXT, "what it costs, in a sentence"),
    ),
)  # fmt: skip

RECONCILIATION = Table(
    "reconciliation",
    "features",
    "one row per kind of usage export, period, key and model, ordered by them: what it states beside what the log holds",
    columns(
        ("series", TEXT, "format of the export; sums per team and costs without counts are series of their own"),
        ("period_start", TIME, "begin of the period, UTC; periods shorter than a day are taken together"),
        ("period_end", TIME, "end of the period, no longer part of it"),
        ("key_column", TEXT, "column of `exchanges` whose values the export names as well; NULL if it names none"),
        ("key", TEXT, "value of that column"),
        ("is_by_model", FLAG, "whether the export names models of the log"),
        ("model", TEXT, "model, with its versions taken together"),
        ("coverage", TEXT, "inside (of the log's first and last request), edge (only part of the period), outside"),
        ("verdict", TEXT,
            "equal, fewer in the log, more in the log, only in the export, only in the log, other tokens, other cost, cannot tell, outside of the log"),
        ("stated_requests", COUNT, "requests that the export states; NULL if it states none"),
        ("log_requests", COUNT, "requests in the log without duplicates"),
        ("log_failed", COUNT, "of these, failed ones, which some exports count and others do not"),
        ("n_missing", COUNT, "requests that the log lacks"),
        ("n_more", COUNT, "answered requests of the log that the export does not state"),
        ("stated_input_tokens", COUNT, "input tokens that the export states"),
        ("log_input_tokens", COUNT, "input tokens in the log; NULL if it carries none"),
        ("stated_output_tokens", COUNT, "output tokens that the export states"),
        ("log_output_tokens", COUNT, "output tokens in the log"),
        ("stated_cost_usd", REAL, "US dollars that the export states"),
        ("log_cost_usd", REAL, "US dollars in the log"),
    ),
)  # fmt: skip

RECONCILIATION_TOTALS = Table(
    "reconciliation_totals",
    "features",
    "one row per kind of usage export, ordered by it; what lies outside of the log's first and last request is counted apart",
    columns(
        ("series", TEXT, "as in reconciliation"),
        ("period_start", TIME, "begin of the first period, UTC"),
        ("period_end", TIME, "end of the last period"),
        ("key_column", TEXT, "as in reconciliation"),
        ("is_by_model", FLAG, "as in reconciliation"),
        ("n_sums", COUNT, "rows of reconciliation"),
        ("n_equal", COUNT, "of these, equal ones"),
        ("n_different", COUNT, "of these, rows that differ"),
        ("n_open", COUNT, "of these, rows that cannot be compared"),
        ("n_outside", COUNT, "of these, rows outside of the log"),
        ("stated_requests", COUNT, "requests that the export states; NULL if it states none"),
        ("log_requests", COUNT, "requests of the log in the same periods"),
        ("n_missing", COUNT, "requests that the log lacks"),
        ("n_missing_at_edge", COUNT, "of these, in periods in which the log begins or ends"),
        ("n_more", COUNT, "answered requests of the log that the export does not state"),
        ("outside_requests", COUNT, "requests that the export states for times outside of the log"),
        ("stated_input_tokens", COUNT, "input tokens that the export states"),
        ("log_input_tokens", COUNT, "input tokens in the log"),
        ("stated_output_tokens", COUNT, "output tokens that the export states"),
        ("log_output_tokens", COUNT, "output tokens in the log"),
        ("stated_cost_usd", REAL, "US dollars that the export states"),
    ),
)
