"""The tables of the stage `ingest`: what was read."""

from __future__ import annotations

import pyarrow as pa

from distilforensics.core.schema.columns import COUNT, FLAG, REAL, TEXT, TEXT_FINGERPRINTS, TEXTS, TIME, Table, columns

EXCHANGES = Table(
    "exchanges",
    "ingest",
    "one row per exchange (request and response), in order of source and position; duplicates included, see `duplicates`",
    columns(
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
    columns(
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
    columns(
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
    columns(
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
    columns(
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
    columns(
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
    columns(
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
    columns(
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
    columns(
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
    columns(
        ("account_id", TEXT, "as in exchanges"),
        ("mailbox", TEXT, "keyed hash of the address in its normal form, as in `accounts_directory`"),
    ),
)

USAGE_SUMS = Table(
    "usage_sums",
    "ingest",
    "one row per sum over calls that a usage export, a bill or a rollup among the inputs states",
    columns(
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
