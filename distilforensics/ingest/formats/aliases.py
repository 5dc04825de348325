"""Obvious names of fields: how programs call the columns of `exchanges` in logs that they write themselves."""

from __future__ import annotations

import re
import unicodedata

from distilforensics.ingest.formats.translated_names import TRANSLATED_NAMES

_NAMES = {
    "started_at": "timestamp time ts created_at created datetime start_time started_at request_timestamp event_time requested_at"
    " log_time logged_at time_iso8601 time_local request_start _time",
    "ended_at": "end_time ended_at completed_at finished_at response_timestamp",
    "account_id": "account account_id user user_id customer customer_id principal principal_id subscriber_id subscription_id remote_user",
    "end_user_id": "end_user end_user_id safety_identifier",
    "tenant_id": "tenant tenant_id org org_id organization organization_id organisation organisation_id team team_id",
    "project_id": "project project_id workspace workspace_id",
    "api_key_id": "api_key api_key_id api_key_hash key_id key_hash token_id virtual_key credential_id",
    "session_id": "session session_id conversation conversation_id thread_id chat_id",
    "trace_id": "trace_id",
    "request_id": "request_id req_id x_request_id correlation_id call_id",
    "response_id": "response_id completion_id",
    "client_ip": "client_ip ip ip_address remote_addr remote_ip source_ip src_ip client_address caller_ip requester_ip_address",
    "client_country": "client_country country country_code geo_country",
    "client_asn": "client_asn asn as_number",
    "ja4": "ja4 ja4_hash",
    "user_agent": "user_agent ua http_user_agent client_user_agent",
    "operation": "operation endpoint route request_path request_uri uri path call_type method_name",
    "model_requested": "model model_name model_id model_requested request_model engine deployment_name",
    "model_served": "model_served response_model",
    "provider": "provider model_provider",
    "gateway": "gateway",
    "region": "region",
    "is_stream": "stream is_stream streaming streamed",
    "n_choices": "n n_choices",
    "max_output_tokens": "max_tokens max_output_tokens max_completion_tokens max_new_tokens",
    "temperature": "temperature temp",
    "top_p": "top_p",
    "n_tools": "n_tools",
    "tools": "tools",
    "response_format": "response_format",
    "reasoning_effort": "reasoning_effort",
    "input_tokens": "input_tokens prompt_tokens tokens_in tokens_input tokens_prompt input_token_count prompt_token_count request_tokens context_tokens"
    " prompt_eval_count",
    "cache_read_tokens": "cache_read_tokens cached_tokens cached_input_tokens cache_read_input_tokens cached_prompt_tokens prompt_cache_hit_tokens"
    " num_cached_tokens",
    "cache_write_tokens": "cache_write_tokens cache_creation_tokens cache_creation_input_tokens cache_write_input_tokens",
    "output_tokens": "output_tokens completion_tokens tokens_out tokens_output tokens_completion output_token_count completion_token_count"
    " response_tokens generated_tokens eval_count",
    "reasoning_tokens": "reasoning_tokens tokens_reasoning reasoning_output_tokens",
    "cost_usd": "cost cost_usd spend spend_usd",
    "request_bytes": "request_bytes request_length request_size bytes_in bytes_received",
    "response_bytes": "response_bytes response_length response_size bytes_out bytes_sent body_bytes_sent",
    "latency_ms": "latency_ms duration_ms elapsed_ms response_time_ms request_duration_ms",
    "latency_s": "latency_s duration_s latency_seconds duration_seconds elapsed_seconds response_time_seconds duration_sec elapsed_s",
    "latency_us": "latency_us duration_us elapsed_us latency_micros duration_micros latency_microseconds duration_microseconds",
    "latency_ns": "latency_ns duration_ns elapsed_ns latency_nanos duration_nanos latency_nanoseconds duration_nanoseconds",
    "http_status": "http_status status_code http_status_code response_status_code response_code",
    "status": "status outcome success is_success",
    "error_type": "error_type error_code error_class",
    "finish_reason": "finish_reason stop_reason",
    "is_gateway_cached": "cache_hit is_cached cached",
    "system_text": "system system_prompt system_text instructions",
    "prompt_text": "prompt prompt_text input input_text question query user_message user_prompt",
    "messages": "messages request_messages",
    "conversation": "conversation conversations",
    "request_body": "request_body request_json request_payload",
    "request_line": "request_line",
    "http_method": "http_method request_method method verb",
    "usage": "usage usage_object token_usage tokens token_counts",
    "response_text": "response response_text completion output output_text answer response_content completion_text response_body response_json",
    "n_turns": "n_turns n_messages",
    "n_tool_calls": "n_tool_calls",
    "prompt_chars": "prompt_chars",
    "response_chars": "response_chars",
    "prompt_sha256": "prompt_sha256 prompt_hash",
    "response_sha256": "response_sha256 response_hash",
    "system_sha256": "system_sha256 system_hash",
}

WEAK_ALIASES = {
    "account_id": frozenset({"email", "useremail", "username", "login", "userlogin", "customeremail"}),
    "request_id": frozenset({"id", "uuid", "logid", "recordid"}),
    "started_at": frozenset({"date"}),
    "operation": frozenset({"url", "requesturl"}),
    "user_agent": frozenset({"agent"}),
    "response_bytes": frozenset({"bytes"}),
    "api_key_id": frozenset(
        {
            "key",
            "keyname",
            "keyalias",
            "apikeyname",
            "apikeyalias",
            "virtualkeyid",
            "tokenname",
            "tokenhash",
            "accesskeyid",
            "apitoken",
            "clientid",
        }
    ),
}
"""Names that count only where no better name of the column is present."""

CONTENT = (
    frozenset({"model_requested", "model_served"}),
    frozenset({"input_tokens", "output_tokens", "usage"}),
    frozenset(
        {"prompt_text", "messages", "conversation", "request_body", "response_text", "prompt_sha256", "response_sha256"}
    ),
)
"""Model, tokens, texts: what tells of calls of a model."""

CONTENT_COLUMNS = frozenset().union(*CONTENT)
"""Columns of which a log of model calls has at least one."""

PRINCIPALS = frozenset({"account_id", "api_key_id", "end_user_id", "client_ip"})
"""Columns that say whose call it was."""

CLAIMED = frozenset({"user", "username", "userid", "useremail"})
"""Names of users that a caller may have claimed: in requests of model APIs `user` is the end user."""

_COUNTS = (
    "api_requests requests request_count n_requests num_requests num_model_requests total_requests successful_requests failed_requests calls"
    " call_count n_calls num_calls total_calls request_num requests_count number_of_requests count total_count invocations invocation_count"
    " n_invocations hits transactions event_count window window_seconds window_start window_end bucket bucket_start granularity interval_seconds"
    " running_requests active_requests waiting_requests queued_requests"
)
COUNT_NAMES = frozenset(name.replace("_", "") for name in _COUNTS.split())
"""Fields of sums over many calls."""

STATISTICS = re.compile(
    r"(sum|avg|average|mean|median|p\d\d)(of)?(input|output|prompt|completion|total|cached)?(tokens?|latency|duration|cost|spend).*"
)
"""Names, normalised, of fields that say something about many calls together."""

SPAN_NAMES = frozenset(
    {
        "parentspanid",
        "parentobservationid",
        "parentrunid",
        "parentid",
        "parentspan",
        "spankind",
        "runtype",
        "dottedorder",
    }
)
"""Fields of spans, of which a call may have several around it."""

KIND_NAMES = frozenset({"kind", "type", "spantype", "observationtype"})
"""Fields that may name the kind of a span."""

KINDS_AROUND_CALLS = frozenset({"chain", "agent", "workflow", "retriever", "span"})
"""Kinds of spans that are no calls of a model."""

_ADMINISTRATION = (
    "role roles permissions scopes password plan email is_active disabled last_login last_login_at expires expires_at budget max_budget balance"
    " amount currency invoice invoice_id payment_method rpm rpm_limit tpm tpm_limit rate_limit models allowed_models owned_by context_window"
    " context_length max_context_length input_price output_price price"
)
ADMINISTRATION_NAMES = frozenset(name.replace("_", "") for name in _ADMINISTRATION.split())
"""Fields of tables of users, keys, payments, limits and models, which have a time and a model as well."""

PROGRAM_NAMES = frozenset({"level", "severity", "loglevel", "logger", "rating", "score", "comment", "thumbs", "vote"})
"""Fields of lines that a program writes about itself, and of judgements on answers."""

SIGNS_OF_CALLS = frozenset(
    {
        "operation",
        "http_method",
        "http_status",
        "status",
        "error_type",
        "finish_reason",
        "latency_ms",
        "latency_s",
        "latency_us",
        "latency_ns",
    }
)
"""Columns that such lines have not."""

PHASE_NAMES = frozenset(
    {
        "event",
        "eventtype",
        "eventname",
        "type",
        "phase",
        "stage",
        "kind",
        "direction",
        "action",
        "status",
        "state",
        "step",
        "logtype",
        "recordtype",
        "msg",
    }
)
"""Fields that may say which part of a call a record is about."""

_PHASES = (
    "request response req resp start started begin begun end ended finish finished complete completed in out inbound outbound pending queued running"
    " processing in_progress received sent prompt completion accepted created"
)
PHASES = frozenset(_PHASES.split())
"""Words for parts of a call."""

WRITER_NAMES = frozenset(
    {
        "role",
        "sender",
        "sendertype",
        "author",
        "authorrole",
        "messagerole",
        "iscreatedbyuser",
        "direction",
        "isuser",
        "messagetype",
    }
)
"""Fields that may say who wrote a message."""

PEOPLE = frozenset({"user", "human", "customer", "true", "inbound", "incoming"})
MACHINES = frozenset({"assistant", "ai", "bot", "gpt", "model", "false", "outbound", "outgoing", "claude", "gemini"})
"""Words for the two who write messages."""

WEB_COLUMNS = (frozenset({"operation", "request_line"}), frozenset({"client_ip"}), frozenset({"http_status", "status"}))
"""The log of a web server in JSON has one column of each."""

TARGETS = frozenset(_NAMES)
"""Columns that a mapping can fill."""


def normalised(name: str) -> str:
    """Return a field name in lower case without separators and accents, so that `User-Agent`, `userAgent` and `user_agent` are one."""
    if name.isascii():
        return re.sub(r"[^a-z0-9]", "", name.lower())
    letters = unicodedata.normalize("NFKD", name.casefold())
    return "".join(c for c in letters if c.isalnum() and not unicodedata.combining(c))


ALIASES = {
    normalised(name): target
    for table in (TRANSLATED_NAMES, _NAMES)
    for target, names in table.items()
    for name in names.split()
}
"""Normalised name -> column."""


def target_of(name: str) -> str | None:
    """Return the column that a field's name says, also by the last parts of a name with dots, of which the longest says most."""
    found = ALIASES.get(normalised(name))
    rest = name
    while found is None and "." in rest:
        rest = rest.partition(".")[2]
        last = normalised(rest)
        found = None if last in _VAGUE else ALIASES.get(last)
    return found


_VAGUE = frozenset(
    {
        "id",
        "name",
        "type",
        "status",
        "time",
        "date",
        "key",
        "value",
        "user",
        "account",
        "model",
        "path",
        "n",
        "input",
        "output",
    }
)
"""Last parts of names that say too little by themselves."""
