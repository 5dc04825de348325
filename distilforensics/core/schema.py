"""The tables of a case: every column with its type, unit and meaning. Stages meet in these tables and nowhere else.

Conventions: identifiers are VARCHAR, never numbers; NULL means "the source does not carry it"; times are UTC without zone
in microseconds; shares run from 0 to 1; a doubtful conversion keeps its raw twin. Columns may be added, never changed.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

SCHEMA_VERSION = 1
"""Raised when a column changes its meaning; stored in every table and in findings.json."""

TEXT = pa.string()
COUNT = pa.int64()
REAL = pa.float64()
FLAG = pa.bool_()
TIME = pa.timestamp("us")
TEXTS = pa.list_(pa.string())
NUMBERS = pa.list_(pa.int64())


TEXT_FINGERPRINTS = pa.struct(
    [
        ("prompt_hash", TEXT),
        ("response_hash", TEXT),
        ("system_template", TEXT),
        ("prefix_template", TEXT),
        ("suffix_template", TEXT),
        ("first_number", COUNT),
        ("last_number", COUNT),
        ("lexicon_marks", TEXTS),
        ("is_refusal", FLAG),
        ("hides_characters", FLAG),
        ("prompt_begin", COUNT),
        ("prompt_end", COUNT),
        ("prompt_wording", NUMBERS),
        ("prompt_passages", NUMBERS),
        ("system_passages", NUMBERS),
        ("response_passages", NUMBERS),
        ("earlier_prompt_hash", TEXT),
        ("quoted_answer_hash", TEXT),
        (
            "reasoning_uses",
            pa.list_(
                pa.struct(
                    [
                        ("signature_sha256", TEXT),
                        ("opening_hash", TEXT),
                        ("preceding_hash", TEXT),
                        ("is_answer", FLAG),
                        ("n_uses", COUNT),
                    ]
                )
            ),
        ),
        ("prompt_sha256", TEXT),
        ("response_sha256", TEXT),
        ("system_sha256", TEXT),
        ("messages_sha256", TEXT),
    ]
)
"""What `--content-free` keeps of the texts of an exchange; names as in the tables that hold the same otherwise."""

KEPT_AS = {
    "prompt_text": "prompt_sha256",
    "response_text": "response_sha256",
    "system_text": "system_sha256",
    "messages_json": "messages_sha256",
}
"""Columns of `exchanges` that `--content-free` leaves empty, with what tells in `text_fingerprints` that there was a text."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, Arrow type and what a value means, with its unit."""

    name: str
    type: pa.DataType
    meaning: str


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a case; `is_dataset` tables are folders of Parquet parts, the others single files."""

    name: str
    stage: str
    grain: str
    columns: tuple[Column, ...]
    is_dataset: bool = False

    @property
    def arrow(self) -> pa.Schema:
        """Arrow schema without metadata."""
        return pa.schema([pa.field(column.name, column.type) for column in self.columns])


def _columns(*rows: tuple[str, pa.DataType, str]) -> tuple[Column, ...]:
    return tuple(Column(*row) for row in rows)


EXCHANGES = Table(
    "exchanges",
    "ingest",
    "one row per exchange (request and response), in order of source and position; duplicates included, see `duplicates`",
    _columns(
        (
            "record_id",
            TEXT,
            "first 16 hex digits of source_sha256, ':', source_line, and '.sub_index' if sub_index > 0; unique in a case",
        ),
        ("source_sha256", TEXT, "SHA-256 of the source file as received"),
        ("source_line", COUNT, "1-based physical line (LF) in the decompressed stream; row number for Parquet"),
        ("source_offset", COUNT, "byte offset of the record in the decompressed stream; NULL for Parquet"),
        ("source_length", COUNT, "bytes of the record without its line end; NULL for Parquet"),
        ("sub_index", COUNT, "0-based index of the record within its line or page"),
        ("raw_sha256", TEXT, "SHA-256 of the record's bytes without line end (Parquet: of its canonical JSON)"),
        ("source_format", TEXT, "format id and version, such as litellm_spendlogs/1"),
        (
            "parse_flags",
            TEXTS,
            "repairs and doubts: bom, nul_stripped, invalid_utf8, glued, dup_key, checksum_failed, ts_naive, ts_ambiguous, id_inexact, ...",
        ),
        ("started_at", TIME, "start of the request, UTC; NULL if absent"),
        ("ended_at", TIME, "end of the response, UTC"),
        ("started_at_raw", TEXT, "the time as it stands in the source"),
        ("time_kind", TEXT, "iso_offset, iso_naive, epoch_s, epoch_ms, epoch_us, epoch_ns, clf"),
        ("time_resolution_us", COUNT, "resolution of started_at in microseconds as written in the source"),
        ("provider", TEXT, "model provider as logged"),
        ("gateway", TEXT, "program that wrote the log: litellm, aws.bedrock, nginx, ..."),
        ("region", TEXT, "region as logged"),
        ("tenant_id", TEXT, "billing tenant: team, organisation, AWS account"),
        ("project_id", TEXT, "project or workspace below the tenant"),
        ("account_id", TEXT, "the authenticated principal that a provider would suspend; documented per format"),
        ("end_user_id", TEXT, "end user as claimed by the caller; not trusted"),
        ("api_key_id", TEXT, "hash, id or name of the API key; a raw secret is replaced by a keyed hash"),
        ("session_id", TEXT, "session or conversation as logged"),
        ("trace_id", TEXT, "trace as logged"),
        ("request_id", TEXT, "request id as logged; may repeat, never a key"),
        ("response_id", TEXT, "provider's response id; may repeat"),
        ("client_ip", TEXT, "client address in canonical form without port"),
        ("is_ip_masked", FLAG, "part of the address is masked in the source"),
        ("client_country", TEXT, "country as logged (location of the exit address)"),
        ("client_asn", COUNT, "autonomous system number as logged"),
        ("ja4", TEXT, "TLS client fingerprint as logged"),
        ("user_agent", TEXT, "user agent"),
        ("operation", TEXT, "chat, completion, responses, embedding, image, audio, other"),
        ("model_requested", TEXT, "model asked for, ARN reduced to the model id"),
        ("model_served", TEXT, "model that answered"),
        ("model_raw", TEXT, "model as it stands in the source"),
        ("is_stream", FLAG, "streamed response"),
        ("n_choices", COUNT, "answers asked for"),
        ("max_output_tokens", COUNT, "limit set by the caller, tokens"),
        ("temperature", REAL, "sampling temperature; NULL = not logged, not a default"),
        ("top_p", REAL, "nucleus sampling"),
        ("n_tools", COUNT, "tools offered"),
        ("tools_sha256", TEXT, "SHA-256 of the tool definitions as logged"),
        ("response_format", TEXT, "response format asked for"),
        ("reasoning_effort", TEXT, "reasoning effort or thinking setting as logged"),
        ("input_tokens", COUNT, "all input tokens, cached ones included"),
        ("cache_read_tokens", COUNT, "input tokens read from cache"),
        ("cache_write_tokens", COUNT, "input tokens written to cache"),
        ("output_tokens", COUNT, "all output tokens, reasoning included"),
        ("reasoning_tokens", COUNT, "output tokens spent on reasoning"),
        ("cost_usd", REAL, "cost as logged, US dollars"),
        ("request_bytes", COUNT, "request size on the wire"),
        ("response_bytes", COUNT, "response size on the wire"),
        ("latency_ms", REAL, "duration of the exchange, milliseconds; negative values become NULL"),
        ("http_status", COUNT, "HTTP status; NULL where only success or failure is logged"),
        ("status", TEXT, "ok, error, limited (429 or throttling), blocked, cancelled, partial"),
        ("error_type", TEXT, "error class or code as logged"),
        ("finish_reason", TEXT, "stop, length, tool, filter, refusal, pause, error, other"),
        ("finish_reason_raw", TEXT, "as it stands in the source"),
        ("is_gateway_cached", FLAG, "answered from the gateway's cache"),
        ("prompt_state", TEXT, "full, truncated, offloaded, redacted, hashed, not_logged"),
        ("response_state", TEXT, "as prompt_state"),
        ("system_text", TEXT, "system prompt, exact decoded text"),
        ("prompt_text", TEXT, "last user turn, exact decoded text"),
        ("response_text", TEXT, "text of the first answer"),
        ("messages_json", TEXT, "the messages as logged, JSON; only if there is more than system and one user turn"),
        ("n_turns", COUNT, "messages in the request"),
        ("n_tool_calls", COUNT, "tool calls in the answer"),
        ("prompt_chars", COUNT, "characters of the last user turn before truncation"),
        ("response_chars", COUNT, "characters of the answer before truncation"),
        ("prompt_sha256", TEXT, "hash of the prompt where the source exports a hash instead of text"),
        ("response_sha256", TEXT, "as prompt_sha256"),
        ("system_sha256", TEXT, "as prompt_sha256"),
        ("reasoning_signature_sha256", TEXT, "hash of the reasoning signature or encrypted reasoning in the answer"),
        (
            "reasoning_refusals",
            TEXTS,
            "why the provider dropped or refused reasoning: organization_, end_user_, prefix_, model_binding_mismatch, conversation_binding_refused; sorted",
        ),
        (
            "text_fingerprints",
            TEXT_FINGERPRINTS,
            "with --content-free, what is kept of the texts instead of them: keyed hashes, numbers and marks; else NULL",
        ),
    ),
    is_dataset=True,
)

SOURCES = Table(
    "sources",
    "ingest",
    "one row per input file",
    _columns(
        ("source_sha256", TEXT, "SHA-256 of the file as received"),
        ("source_sha512", TEXT, "SHA-512 of the file as received"),
        (
            "path",
            TEXT,
            "path below the folder that all inputs share, with / as separator: the same wherever the logs lie",
        ),
        (
            "role",
            TEXT,
            "log, accounts_directory, usage (sums over calls), archive (members are sources), duplicate_file (bytes of another one), ignored (no log), refused",
        ),
        ("reason", TEXT, "why it is ignored, refused or a duplicate; NULL for logs"),
        ("n_bytes", COUNT, "size as received"),
        ("n_bytes_decoded", COUNT, "size after decompression"),
        ("compression", TEXT, "none, gzip, zstd, bzip2, xz"),
        (
            "encoding",
            TEXT,
            "utf-8, utf-16-le, ...; offsets of records count in the UTF-8 form of the stream; NULL if not a log",
        ),
        ("format", TEXT, "format id and version"),
        ("format_confidence", TEXT, "high, medium, low, given (by --format)"),
        ("n_lines", COUNT, "physical lines"),
        ("n_blank", COUNT, "blank lines, comments and header lines: no records, outside the balance"),
        ("n_read", COUNT, "records read = kept + quarantined + duplicate + out_of_scope"),
        (
            "n_kept",
            COUNT,
            "records in `exchanges` that are no duplicates; of an accounts directory or a usage export: rows in `accounts_directory` or `usage_sums`",
        ),
        ("n_quarantined", COUNT, "records in `quarantine`"),
        ("n_duplicate", COUNT, "records in `duplicates`"),
        (
            "n_out_of_scope",
            COUNT,
            "valid records that are no model exchanges, such as key management rows or health checks of the web server",
        ),
        ("n_flagged", COUNT, "kept records with a parse flag"),
        (
            "n_repeated",
            COUNT,
            "kept records without request id whose bytes equal an earlier record of the same source; not called duplicates",
        ),
        ("first_started_at", TIME, "earliest start"),
        ("last_started_at", TIME, "latest start"),
        ("unknown_keys", TEXTS, "up to 50 top-level keys that the format does not know, sorted"),
        (
            "secrets_hashed",
            TEXTS,
            "field and number of its values in which raw secrets were replaced by keyed hashes, such as `prompt_text 3`; sorted",
        ),
        ("part", TEXT, "file name of the part in data/exchanges that holds the records"),
    ),
)

QUARANTINE = Table(
    "quarantine",
    "ingest",
    "one row per record that could not be read",
    _columns(
        ("source_sha256", TEXT, "SHA-256 of the source file"),
        ("source_line", COUNT, "1-based physical line"),
        ("source_offset", COUNT, "byte offset in the decompressed stream"),
        ("source_length", COUNT, "bytes of the record"),
        ("sub_index", COUNT, "index within the line"),
        (
            "reason",
            TEXT,
            "reason code, such as not_json, not_an_object, invalid_timestamp, line_too_long, truncated_stream",
        ),
        ("detail", TEXT, "what was seen and what was expected, safe to print"),
        ("raw_prefix", pa.binary(), "first 4096 bytes of the record"),
        ("raw_sha256", TEXT, "SHA-256 of the record's bytes"),
    ),
)

DUPLICATES = Table(
    "duplicates",
    "ingest",
    "one row per exchange that repeats an earlier one; it stays in `exchanges` and is left out by everything after ingest",
    _columns(
        ("record_id", TEXT, "the later record"),
        ("duplicate_of", TEXT, "record_id of the first occurrence"),
        (
            "duplicate_class",
            TEXT,
            "exact_line (same bytes) or same_record (the same id and the same in every column)",
        ),
    ),
)

OUT_OF_SCOPE = Table(
    "out_of_scope",
    "ingest",
    "counts of valid records that are no model exchanges",
    _columns(
        ("source_sha256", TEXT, "SHA-256 of the source file"),
        ("reason", TEXT, "why they are out of scope"),
        ("n_records", COUNT, "records"),
        ("first_line", COUNT, "line of the first one"),
    ),
)

FIELD_MAPPINGS = Table(
    "field_mappings",
    "ingest",
    "one row per source without a known format and column that its fields fill, in order of source and column",
    _columns(
        ("source_sha256", TEXT, "SHA-256 of the source file"),
        ("mapping", TEXT, "name of the mapping file; NULL if the names of the fields told it"),
        ("mapping_sha256", TEXT, "SHA-256 of the mapping file, whose text stands among the parameters of the ingest"),
        ("column_name", TEXT, "column of `exchanges`, or object of several"),
        ("field", TEXT, "field or path it is read from; several are joined by ` or `, constants begin with `always `"),
    ),
)

JOINED_RECORDS = Table(
    "joined_records",
    "ingest",
    "one row per record that says the rest of an exchange of another record, in order of the exchange",
    _columns(
        ("record_id", TEXT, "the exchange, in `exchanges`"),
        (
            "joined_record_id",
            TEXT,
            "the joined record: first 16 hex digits of its source_sha256, ':' and its line; not in `exchanges`",
        ),
        ("source_sha256", TEXT, "SHA-256 of the file of the joined record"),
        ("source_line", COUNT, "1-based physical line"),
        ("source_offset", COUNT, "byte offset in the decompressed stream"),
        ("source_length", COUNT, "bytes of the record"),
        ("sub_index", COUNT, "index within the line"),
        ("raw_sha256", TEXT, "SHA-256 of the record's bytes"),
        ("source_format", TEXT, "format id and version"),
    ),
)

ACCOUNTS_DIRECTORY = Table(
    "accounts_directory",
    "ingest",
    "one row per account in accounts directories found among the inputs",
    _columns(
        ("account_id", TEXT, "as in exchanges"),
        ("created_at", TIME, "sign-up, UTC"),
        ("payment_fingerprint", TEXT, "fingerprint of the payment method; a raw card number is refused"),
        ("email_domain", TEXT, "domain of the e-mail address, lower case; a full address is reduced to its domain"),
        (
            "mailbox",
            TEXT,
            "keyed hash of the e-mail address in its normal form: without case, tags, and dots that the provider ignores",
        ),
        ("plan", TEXT, "plan or programme"),
        ("tenant_id", TEXT, "billing tenant"),
        ("organization", TEXT, "organisation name"),
        ("source_sha256", TEXT, "SHA-256 of the directory file"),
        ("source_line", COUNT, "line or row in it"),
    ),
)

ANNOUNCED_FILES = Table(
    "announced_files",
    "ingest",
    "one row per file that a manifest among the inputs announces, in order of manifest and place in it",
    _columns(
        ("source_sha256", TEXT, "SHA-256 of the manifest"),
        ("name", TEXT, "name or path of the file as announced"),
        ("n_records", COUNT, "records that it holds; NULL if not announced"),
        ("n_bytes", COUNT, "its size; NULL if not announced"),
    ),
)

ACCOUNT_MAILBOXES = Table(
    "account_mailboxes",
    "ingest",
    "one row per account whose name in the logs is an e-mail address, in order of account",
    _columns(
        ("account_id", TEXT, "as in exchanges"),
        ("mailbox", TEXT, "keyed hash of the address in its normal form, as in `accounts_directory`"),
    ),
)

USAGE_SUMS = Table(
    "usage_sums",
    "ingest",
    "one row per sum over calls that a usage export, a bill or a rollup among the inputs states",
    _columns(
        ("source_sha256", TEXT, "SHA-256 of the file"),
        ("source_line", COUNT, "1-based physical line, or row"),
        ("sub_index", COUNT, "0-based index of the sum within its record"),
        ("source_format", TEXT, "format id and version; NULL if the names of the fields told what they mean"),
        ("row_sha256", TEXT, "SHA-256 of the sum as stated, which tells rows that stand in two overlapping files"),
        ("period_start", TIME, "begin of the period that the sum is about, UTC"),
        ("period_end", TIME, "end of the period, no longer part of it"),
        ("api_key_id", TEXT, "id, hash or name of the API key; a raw secret is replaced by a keyed hash"),
        ("account_id", TEXT, "account or user"),
        ("project_id", TEXT, "project or workspace"),
        ("tenant_id", TEXT, "organisation, team, subscription or cloud account"),
        ("model", TEXT, "model as stated; of a bill that part of the product's name"),
        ("n_requests", COUNT, "requests; NULL if only tokens or dollars are stated"),
        ("n_failed", COUNT, "of these, requests that failed"),
        ("input_tokens", COUNT, "all input tokens, cached ones included"),
        ("output_tokens", COUNT, "output tokens"),
        ("cost_usd", REAL, "US dollars; NULL in another currency"),
    ),
)

ACCOUNT_TRAITS = Table(
    "account_traits",
    "features",
    "one row per account with a start, ordered by account_id: traits that make groups of accounts",
    _columns(
        ("account_id", TEXT, "as in exchanges"),
        ("n_pauses", COUNT, "pauses between consecutive exchanges, nights left out"),
        ("pace", REAL, "median pause / mean pause; near 0 for sessions, 0.69 for chance, 1 for a circle"),
        ("is_even", FLAG, "enough pauses on enough days, and an even pace"),
        ("n_parameter_sets", COUNT, "different sets of call parameters, each in two exchanges or more"),
        ("top_parameter_share", REAL, "share of the exchanges with parameters that carry the most frequent set"),
        ("is_varied", FLAG, "many sets of parameters and none usual"),
    ),
)

FINGERPRINTS = Table(
    "fingerprints",
    "features",
    "one row per exchange with text that is no duplicate and has an account and a start, ordered by record_id; hashes of passages of 48 bytes",
    _columns(
        ("record_id", TEXT, "as in exchanges"),
        ("account_id", TEXT, "as in exchanges"),
        ("prompt_begin", COUNT, "hash of the first passage of the prompt; NULL if it is shorter"),
        ("prompt_end", COUNT, "hash of its last passage"),
        (
            "prompt_wording",
            NUMBERS,
            "sketch of the wording at both edges of the prompt: up to 32 numbers; the share on which two agree estimates their likeness",
        ),
        ("prompt_passages", NUMBERS, "hashes of sampled passages of the prompt, sorted, at most 96"),
        ("system_passages", NUMBERS, "likewise of the system prompt"),
        ("response_passages", NUMBERS, "likewise of the answer"),
    ),
)

EXCHANGE_FEATURES = Table(
    "exchange_features",
    "features",
    "one row per exchange that is no duplicate and has an account and a start, ordered by started_at, record_id; no text",
    _columns(
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
        (
            "pace_template",
            TEXT,
            "template id of the client program, for accounts that call at an even pace on several days",
        ),
        (
            "varied_template",
            TEXT,
            "`varied:parameters`, for accounts that use many sets of call parameters and none usually",
        ),
        (
            "mark_template",
            TEXT,
            "template id of what it asks for: the first of replayed_reasoning, encoded_block, cot_elicitation, grader_rubric",
        ),
        (
            "near_template",
            TEXT,
            "template id of a frame that is worded anew for every request, or of several from mostly the same accounts; NULL without text",
        ),
        ("passage_template", TEXT, "template id of a passage within changing texts; NULL without text"),
        (
            "lexicon_marks",
            TEXTS,
            "marks of the lexicon: cot_elicitation, encoded_block, grader_rubric, policy_rewrite, replayed_reasoning, task_code, task_math; NULL without text",
        ),
        (
            "is_refused",
            FLAG,
            "declined: blocked, finish reason refusal or filter, or an answer that opens by declining; NULL if the call failed or none is logged",
        ),
    ),
)

TEMPLATES = Table(
    "templates",
    "features",
    "one row per template used by at least `min_template_accounts` accounts, ordered by template_id",
    _columns(
        ("template_id", TEXT, "kind, ':' and 16 hex digits"),
        (
            "kind",
            TEXT,
            "what exchanges have in common: one of the kinds in docs/writing-heuristics.md",
        ),
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
)

ACCOUNT_PROFILES = Table(
    "account_profiles",
    "features",
    "one row per account, ordered by account_id",
    _columns(
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
    _columns(
        ("account_id", TEXT, "as in exchanges"),
        (
            "customer",
            TEXT,
            "its organisation, else its tenant, else its payment method if few accounts are paid by it, else itself: accounts with one customer are one hand",
        ),
        (
            "named_customer",
            TEXT,
            "likewise without the payment method, which a pool shares as well: for counting customers and for what they share",
        ),
        (
            "reason",
            TEXT,
            "what `customer` rests on: organisation, tenant, payer, alone (its source names tenants, none for it), unknown (nothing is logged)",
        ),
    ),
)

NEXT_PROMPTS = Table(
    "next_prompts",
    "features",
    "one row per exchange whose prompt is sent again later, ordered by record_id: the next exchange with that prompt",
    _columns(
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
    _columns(
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
    _columns(
        ("account_id", TEXT, "as in exchanges"),
        (
            "attribute",
            TEXT,
            "payment, email_domain, signup (10 minutes), ip, ip_prefix, client, api_key, handover (refused prompt sent next by the other), kinds of templates",
        ),
        ("value", TEXT, "the value, templates by id"),
        ("n_exchanges", COUNT, "exchanges of the account that carry it; NULL for directory attributes"),
    ),
)

TEMPLATE_EXCHANGES = Table(
    "template_exchanges",
    "features",
    "one row per exchange and template in `templates`, ordered by template_id, started_at, record_id",
    _columns(
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
    "reference values of the whole log per measure, ordered by measure: median and spread over accounts",
    _columns(
        (
            "measure",
            TEXT,
            "such as output_input_ratio; conversation_steps and _predecessors: shares of turns whose exchange before is logged; whole_conversations: near 1",
        ),
        ("n_accounts", COUNT, "accounts with enough exchanges for the measure"),
        ("median", REAL, "median over accounts"),
        ("mad", REAL, "median absolute deviation"),
        ("p90", REAL, "90th percentile"),
        ("p99", REAL, "99th percentile"),
    ),
)

REASONING_PLACES = Table(
    "reasoning_places",
    "features",
    "one row per signature and place in requests where an account sends it, ordered by signature_sha256, account_id, sample_record_id",
    _columns(
        ("account_id", TEXT, "as in exchanges"),
        ("signature_sha256", TEXT, "as in reasoning_uses"),
        ("n_exchanges", COUNT, "requests with the signature in this place"),
        ("sample_record_id", TEXT, "smallest record_id of these"),
        ("is_of_other", FLAG, "the signature was first seen on another account"),
        ("is_of_other_model", FLAG, "another model received the signature than the one that it is sent to here"),
        (
            "is_replay",
            FLAG,
            "another session or account, another first turn and another preceding turn than where it was first seen",
        ),
    ),
)

REASONING_USES = Table(
    "reasoning_uses",
    "features",
    "one row per reasoning signature (or encrypted reasoning) and place it stands in, ordered by all columns up to is_answer",
    _columns(
        ("signature_sha256", TEXT, "SHA-256 of the signature, as reasoning_signature_sha256 in exchanges"),
        ("account_id", TEXT, "as in exchanges"),
        ("session_id", TEXT, "as in exchanges"),
        (
            "opening_hash",
            TEXT,
            "16 hex digits of the text of the first user turn of the conversation; NULL if it has no text",
        ),
        (
            "preceding_hash",
            TEXT,
            "likewise of the user turn or tool result that the reasoning follows; 'nothing' if none stands before it, 'without text' if it has no text",
        ),
        ("is_answer", FLAG, "the exchange received the signature; false: its request carries it"),
        ("tenant_id", TEXT, "smallest tenant of these exchanges"),
        ("n_exchanges", COUNT, "exchanges"),
        ("first_seen", TIME, "UTC"),
        ("sample_record_id", TEXT, "smallest record_id"),
        ("model", TEXT, "model of that record: of an answer the one that made the signature"),
    ),
)

HEALTH_CHECKS = Table(
    "health_checks",
    "features",
    "one row per question about the state of the log and part of it, ordered by check_id, part",
    _columns(
        ("check_id", TEXT, "name of the query, such as cut_texts"),
        ("part", TEXT, "what was looked at, such as prompt"),
        ("title", TEXT, "what was looked for"),
        ("verdict", TEXT, "fine, noticed (too little to cost anything), costs, cannot tell (nothing to look at)"),
        (
            "n_affected",
            COUNT,
            "of n_checked, how many are affected: records, ids, hours, days or files, as the part says",
        ),
        ("n_checked", COUNT, "how many were looked at"),
        ("detail", TEXT, "where or how much; NULL if there is nothing to add"),
        ("example", TEXT, "record_id or account_id of one that is affected"),
        ("columns", TEXTS, "columns of `exchanges` or of the accounts directory that suffer"),
        ("facts", TEXTS, "facts that are harder to show, or cannot be shown"),
        ("concerns", TEXT, "order (of calls) or complete (that all are here); NULL if only columns suffer"),
        ("costs", TEXT, "what it costs, in a sentence"),
    ),
)

HEALTH_COSTS = Table(
    "health_costs",
    "heuristics",
    "one row per check that costs something and heuristic that suffers from it, ordered by check_id, part, heuristic_id",
    _columns(
        ("check_id", TEXT, "as in health_checks"),
        ("part", TEXT, "as in health_checks"),
        ("heuristic_id", TEXT, "as in heuristic_states"),
        ("effect", TEXT, "is switched off (not evaluated or inconclusive), or sees less"),
    ),
)

RECONCILIATION = Table(
    "reconciliation",
    "features",
    "one row per kind of usage export, period, key and model, ordered by them: what it states beside what the log holds",
    _columns(
        ("series", TEXT, "format of the export; sums per team and costs without counts are series of their own"),
        ("period_start", TIME, "begin of the period, UTC; periods shorter than a day are taken together"),
        ("period_end", TIME, "end of the period, no longer part of it"),
        ("key_column", TEXT, "column of `exchanges` whose values the export names as well; NULL if it names none"),
        ("key", TEXT, "value of that column"),
        ("is_by_model", FLAG, "whether the export names models of the log"),
        ("model", TEXT, "model, with its versions taken together"),
        ("coverage", TEXT, "inside (of the log's first and last request), edge (only part of the period), outside"),
        (
            "verdict",
            TEXT,
            "equal, fewer in the log, more in the log, only in the export, only in the log, other tokens, other cost, cannot tell, outside of the log",
        ),
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
)

RECONCILIATION_TOTALS = Table(
    "reconciliation_totals",
    "features",
    "one row per kind of usage export, ordered by it; what lies outside of the log's first and last request is counted apart",
    _columns(
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

LINKS = Table(
    "links",
    "linkage",
    "one row per account pair with a positive total match weight at or above the keeping threshold, ordered by account_a, account_b",
    _columns(
        ("account_a", TEXT, "smaller account id"),
        ("account_b", TEXT, "larger account id"),
        ("weight", REAL, "sum of match weights, bits (log2 of m/u)"),
        ("n_attributes", COUNT, "attribute types that agree on a rare value"),
        (
            "attributes",
            pa.list_(
                pa.struct(
                    [("attribute", TEXT), ("value", TEXT), ("n_accounts", COUNT), ("weight", REAL), ("n_values", COUNT)]
                )
            ),
            "what the weight is the sum of: heaviest shared value, its accounts, bits, number of shared values; tenant weighs 0, differences less",
        ),
    ),
)

LINK_COVERAGE = Table(
    "link_coverage",
    "linkage",
    "one row per compared attribute: what was compared and what was left out, ordered by attribute",
    _columns(
        ("attribute", TEXT, "as in account_attributes"),
        ("family", TEXT, "attributes of one family count once"),
        ("m", REAL, "assumed chance that two accounts of one operator agree"),
        ("n_values", COUNT, "values that at least two accounts share"),
        (
            "n_values_popular",
            COUNT,
            "of these, as common among unrelated accounts as among related ones: they weigh nothing",
        ),
        (
            "n_values_capped",
            COUNT,
            "of these, too common to make pairs; they only count for pairs that a rarer value has found",
        ),
        ("max_accounts_pairing", COUNT, "accounts of the most common value that made pairs"),
        ("n_pairs", COUNT, "account pairs made"),
    ),
)

CLUSTERS = Table(
    "clusters",
    "linkage",
    "one row per linked cluster of accounts, ordered by cluster_id",
    _columns(
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
    _columns(
        ("cluster_id", TEXT, "as in clusters"),
        ("account_id", TEXT, "as in exchanges"),
        ("n_links", COUNT, "links to other members"),
        ("weight", REAL, "sum of the weights of these links, bits"),
        ("stays_at_higher_threshold", FLAG, "still in the best-matching cluster at threshold +25 %"),
    ),
)

OBSERVATIONS = Table(
    "observations",
    "heuristics",
    "one row per heuristic and entity that had enough volume to be judged, ordered by heuristic_id, entity_id",
    _columns(
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
    _columns(
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

ACCOUNT_CALLS = Table(
    "account_calls",
    "linkage",
    "one row per account: what it could have handed over, ordered by account_id",
    _columns(
        ("account_id", TEXT, "as in exchanges"),
        ("tenant_id", TEXT, "tenant"),
        ("organization", TEXT, "organisation"),
        ("payment_fingerprint", TEXT, "payment method"),
        ("email_domain", TEXT, "mail domain"),
        ("n_exchanges", COUNT, "exchanges without duplicates"),
        ("n_failed", COUNT, "failed calls: limited, error, blocked"),
        ("n_continuing", COUNT, "calls that go on with a conversation or name a session"),
        ("n_prompts", COUNT, "calls with a prompt or its hash"),
    ),
)

WORK_TIES = Table(
    "work_ties",
    "linkage",
    "one row per call of one account that goes on at another, ordered by kind, record_id, other_record_id",
    _columns(
        (
            "kind",
            TEXT,
            "handover (a failed call is sent next by another account), conversation (it goes on elsewhere), answer (it comes back elsewhere)",
        ),
        ("record_id", TEXT, "the failed call, the call that was answered"),
        ("account_id", TEXT, "its account"),
        ("other_record_id", TEXT, "the call that follows"),
        ("other_account_id", TEXT, "its account"),
        ("delay_us", COUNT, "microseconds between the starts of both"),
        ("work", TEXT, "what makes them one piece of work; ties of one work are counted once"),
        (
            "relation",
            TEXT,
            "same: one tenant, organisation or payer; distinct: both are named and differ; unknown: anything else",
        ),
    ),
)

GROUP_LOADS = Table(
    "group_loads",
    "linkage",
    "one row per group and account, ordered by group_id, account_id; groups of five accounts and more",
    _columns(
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
    _columns(("record_id", TEXT, "the failed call"), ("group_id", TEXT, "template")),
)

TIE_SURROUNDINGS = Table(
    "tie_surroundings",
    "linkage",
    "one row per handed-over call of accounts that are not one customer's: calls within an hour of it, ordered by record_id, other_record_id",
    _columns(
        ("record_id", TEXT, "the failed call"),
        ("other_record_id", TEXT, "the call that follows"),
        ("n_before", COUNT, "other calls of the failed call's account in the hour before it"),
        ("n_after", COUNT, "the same in the hour after it"),
        ("n_other_before", COUNT, "other calls of the following call's account in the hour before that call"),
        ("n_other_after", COUNT, "the same in the hour after it"),
    ),
)

SHARED_VALUES = Table(
    "shared_values",
    "linkage",
    "one row per value of identity that a few accounts share and account, ordered by kind, value, account_id",
    _columns(
        ("kind", TEXT, "payment, signup (ten minutes), network (address or its network), mail (domain)"),
        ("value", TEXT, "the value"),
        ("account_id", TEXT, "account"),
    ),
)

CAMPAIGNS = Table(
    "campaigns",
    "assessment",
    "one row per candidate campaign with a grade, strongest first, then by campaign_id",
    _columns(
        ("campaign_id", TEXT, "'C-' and number in order of strength"),
        ("grade", TEXT, "strong, moderate, weak"),
        ("n_accounts", COUNT, "members"),
        ("n_exchanges", COUNT, "exchanges of members that carry the campaign's templates (all, if it has none)"),
        ("n_exchanges_members", COUNT, "all exchanges of members"),
        ("input_tokens", COUNT, "tokens of n_exchanges"),
        ("output_tokens", COUNT, "tokens of n_exchanges"),
        ("n_distinct_prompts", COUNT, "distinct prompts in n_exchanges"),
        ("first_seen", TIME, "UTC"),
        ("last_seen", TIME, "UTC"),
        ("facts", TEXTS, "ids of the facts that count, in order of kind and weight"),
        ("heuristics", TEXTS, "ids of the heuristics that fired on the campaign's groups"),
        ("templates", TEXTS, "template ids"),
        ("clusters", TEXTS, "cluster ids"),
        ("grade_reason", TEXT, "the rule that gave the grade, in words"),
        (
            "grade_without",
            TEXTS,
            "what is left out (a fact, the largest customer, the account with most ties), ': ', and the grade that is left",
        ),
    ),
)

CAMPAIGN_FACTS = Table(
    "campaign_facts",
    "assessment",
    "one row per campaign or examined group and fact, ordered by campaign_id, place",
    _columns(
        ("campaign_id", TEXT, "as in campaigns; 'X-' ids are examined groups"),
        ("fact_id", TEXT, "handover, conversation, answer, scheduler, payment, signup, network, mail, frame, purpose"),
        ("place", COUNT, "order: by kind, the heaviest first"),
        ("title", TEXT, "what it says, in general"),
        ("kind", TEXT, "coordination, identity, content, purpose"),
        ("statement", TEXT, "what it says of this campaign, with its numbers"),
        ("weight", REAL, "bits against accounts that have nothing to do with each other; 0 if it is not weighed"),
        ("value", COUNT, "different calls, or accounts beyond the shared values"),
        ("of", COUNT, "calls that could have shown it"),
        (
            "comparison",
            REAL,
            "share among accounts outside of every examined group, or the count expected of accounts drawn by lot",
        ),
        ("n_accounts", COUNT, "accounts that show it"),
        ("excludes", TEXT, "innocent causes that do not produce it"),
        ("is_counted", FLAG, "whether it reaches the floors of weight, calls and accounts"),
        ("is_telling", FLAG, "whether it tells a pool from a product, a vendor and a fleet"),
        ("record_ids", TEXTS, "up to 10 records that show it: of hand-overs the failed call and the one that follows"),
    ),
)

CAMPAIGN_EXPLANATIONS = Table(
    "campaign_explanations",
    "assessment",
    "one row per campaign or examined group and innocent explanation, ordered by campaign_id, place",
    _columns(
        ("campaign_id", TEXT, "as in campaigns; 'X-' ids are examined groups"),
        ("explanation_id", TEXT, "operator.* may cap the grade; confounder.* are shown beside it"),
        ("place", COUNT, "order"),
        ("title", TEXT, "the explanation"),
        ("outcome", TEXT, "excluded, in part, fits, cannot tell"),
        ("statement", TEXT, "the numbers that decide"),
        ("ask", TEXT, "whom to ask for what"),
        ("is_capping", FLAG, "whether it keeps the candidate from being reported as a campaign"),
    ),
)

CAMPAIGN_EVIDENCE = Table(
    "campaign_evidence",
    "assessment",
    "one row per campaign and piece of evidence, for and against, ordered by campaign_id, side, source, entity_id",
    _columns(
        ("campaign_id", TEXT, "as in campaigns; 'X-' ids are examined groups that were explained"),
        ("side", TEXT, "for, against, neutral"),
        ("claim", TEXT, "observed, computed, inferred, asserted"),
        ("source", TEXT, "'fact.' id, 'operator.' or 'confounder.' id, or heuristic id"),
        ("entity_id", TEXT, "group or account the evidence is about"),
        ("statement", TEXT, "one sentence in plain words with its numbers"),
        ("value", REAL, "measure"),
        ("baseline", REAL, "comparison"),
        ("n_exchanges", COUNT, "exchanges"),
        ("n_accounts", COUNT, "accounts"),
        ("is_rebutted", FLAG, "for confounders: the benign explanation does not hold here; NULL for heuristics"),
        ("record_ids", TEXTS, "up to 10 records that show it"),
    ),
)

EXPLAINED_GROUPS = Table(
    "explained_groups",
    "assessment",
    "one row per candidate that was examined and not reported as a campaign, ordered by group_id",
    _columns(
        ("group_id", TEXT, "'X-' and number"),
        ("n_accounts", COUNT, "members"),
        ("n_exchanges", COUNT, "exchanges"),
        ("explanation", TEXT, "ids of the explanations that fit or stay open, or 'operator.unknown'"),
        ("statement", TEXT, "in plain words"),
        ("heuristics", TEXTS, "heuristics that fired on it"),
        ("templates", TEXTS, "template ids"),
        ("clusters", TEXTS, "cluster ids"),
    ),
)

ACCOUNTS = Table(
    "accounts",
    "assessment",
    "one row per account seen, ordered by account_id",
    _columns(
        ("account_id", TEXT, "as in exchanges"),
        ("campaign_id", TEXT, "NULL if in no campaign"),
        ("grade", TEXT, "grade of the campaign, or 'one operator, purpose unknown' of an examined group"),
        ("n_exchanges", COUNT, "exchanges without duplicates"),
        ("output_tokens", COUNT, "tokens"),
        ("first_seen", TIME, "UTC"),
        ("last_seen", TIME, "UTC"),
        ("tenant_id", TEXT, "tenant"),
        ("n_campaign_exchanges", COUNT, "exchanges that carry the campaign's templates"),
        ("support", TEXTS, "what ties the account to the campaign: template ids, link attributes"),
        ("link_weight", REAL, "sum of link weights to other members, bits"),
        ("reason_not_in_campaign", TEXT, "for accounts in a fired group that were left out: why"),
    ),
)

CALIBRATION = Table(
    "calibration",
    "assessment",
    "one row per account and per set of groups on which something fired: how it ranks in the reference population, ordered by level, entity_id",
    _columns(
        ("level", TEXT, "account or set; a set are groups merged where they consist of the same accounts"),
        ("entity_id", TEXT, "account_id, or the first group of the set"),
        ("groups", TEXTS, "groups of the set; NULL for accounts"),
        (
            "fired",
            TEXTS,
            "heuristics that fired on these groups, or on groups of which the account is a core member; without leads",
        ),
        ("n_families", COUNT, "families among them, of heuristics that were evaluated on every reference as well"),
        ("n_heuristics", COUNT, "the same in heuristics; the score is families first, heuristics second"),
        ("n_reference", COUNT, "entities of the reference that it was compared with"),
        ("n_as_high", COUNT, "of these, those with at least the same score"),
        ("p_value", REAL, "conformal p-value, (1 + n_as_high) / (1 + n_reference); NULL without a reference"),
        (
            "q_value",
            REAL,
            "p_value adjusted by Benjamini and Hochberg over all sets; NULL for accounts, which share the fate of their set",
        ),
        (
            "is_marked",
            FLAG,
            "q_value is at most 0.05: of all marked sets at most this part is expected to be ordinary; NULL for accounts",
        ),
    ),
)

ERROR_RATES = Table(
    "error_rates",
    "assessment",
    "one row per statement on how often accusations are wrong, ordered by place",
    _columns(
        ("place", COUNT, "number of the row from 1"),
        (
            "kind",
            TEXT,
            "sensitivity, false_accusation, base_rate, likelihood_ratio, conformal_sets",
        ),
        (
            "grade",
            TEXT,
            "grade or stronger; for likelihood_ratio exactly this grade; NULL for conformal rows and where nothing was measured",
        ),
        ("campaign_id", TEXT, "for conformal rows; NULL for what is in no campaign"),
        ("assumed_share", REAL, "for base_rate: assumed share of campaign accounts among all accounts"),
        ("is_known", FLAG, "something can be stated; else the statement says why not"),
        ("n_of", COUNT, "accounts, or marked sets"),
        ("n_total", COUNT, "of so many"),
        ("n_of_blocks", COUNT, "the same in independent trials: campaigns, or blocks of innocent accounts"),
        ("n_blocks", COUNT, "of so many"),
        ("n_reference", COUNT, "for conformal rows: entities of the reference"),
        (
            "rate",
            REAL,
            "n_of / n_total; for base_rate the part of right accusations; for likelihood_ratio the least ratio; NULL if not measured",
        ),
        (
            "ci95_low",
            REAL,
            "lower bound of the exact 95 % interval, over blocks where there are any; for likelihood_ratio the least share of campaign accounts",
        ),
        ("ci95_high", REAL, "upper bound; for likelihood_ratio the largest share of innocent accounts"),
        (
            "needed_rate",
            REAL,
            "for base_rate: false-accusation rate below which nine in ten accusations are right if every campaign account is found",
        ),
        ("p_value", REAL, "for conformal rows: smallest p-value of the campaign's sets"),
        ("verbal", TEXT, "for likelihood_ratio: words of the ENFSI scale"),
        ("statement", TEXT, "in plain words, with its numbers"),
    ),
)

POWER = Table(
    "power",
    "power",
    "one row per campaign planted in a copy of this log, ordered by is_careful, requests_per_day, dilution, n_accounts, seed; only if it was measured",
    _columns(
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
