/*---
id = "generic"
version = 1
title = "Records with a mapping of fields to columns, given in a file or told from obvious names"
gateway = "as mapped"
framing = "json"
has_request_id = true
account = "the field mapped to `account_id`"
tenant = "the field mapped to `tenant_id`"
time = "the field mapped to started_at"
missing = ["whatever is not mapped"]
yields = [
    "started_at_raw", "ended_at_raw", "time_kind", "provider", "gateway", "region", "tenant_id", "project_id", "account_id",
    "end_user_id", "api_key_id", "session_id", "trace_id", "request_id", "response_id", "client_ip", "client_country", "client_asn",
    "ja4", "user_agent", "operation", "model_requested", "model_served", "model_raw", "is_stream", "n_choices", "max_output_tokens",
    "temperature", "top_p", "n_tools", "tools_json", "response_format", "reasoning_effort", "input_tokens", "cache_read_tokens",
    "cache_write_tokens", "output_tokens", "reasoning_tokens", "cost_usd", "request_bytes", "response_bytes", "latency_ms",
    "http_status", "status", "error_type", "finish_reason_raw", "is_gateway_cached", "prompt_state", "response_state",
    "system_text", "prompt_text", "response_text", "messages_json", "n_turns", "n_tool_calls", "prompt_chars", "response_chars",
    "prompt_sha256", "response_sha256", "system_sha256",
]

[detection]
---*/
with extracted as not materialized (
    select row_index, line, json_extract_string(line, /*{paths}*/) as v
    from lines
),

mapped as not materialized (
    select
        row_index,
        line,
        /*{started_at}*/ as started_at_raw,
        /*{ended_at}*/ as ended_at_raw,
        /*{time_kind}*/ as time_kind,
        /*{provider}*/ as provider,
        /*{gateway}*/ as gateway,
        /*{region}*/ as region,
        /*{tenant_id}*/ as tenant_id,
        /*{project_id}*/ as project_id,
        /*{account_id}*/ as account_id,
        /*{end_user_id}*/ as end_user_id,
        /*{api_key_id}*/ as api_key_id,
        /*{session_id}*/ as session_id,
        /*{trace_id}*/ as trace_id,
        /*{request_id}*/ as request_id,
        /*{response_id}*/ as response_id,
        /*{client_ip}*/ as client_ip,
        /*{client_country}*/ as client_country,
        ltrim(/*{client_asn}*/, 'AaSsNn ') as client_asn,
        /*{ja4}*/ as ja4,
        /*{user_agent}*/ as user_agent,
        /*{operation}*/ as operation_written,
        /*{model_requested}*/ as model_asked,
        /*{model_served}*/ as model_answered,
        /*{is_stream}*/ as is_stream,
        /*{n_choices}*/ as n_choices,
        /*{max_output_tokens}*/ as max_output_tokens,
        /*{temperature}*/ as temperature,
        /*{top_p}*/ as top_p,
        /*{n_tools}*/ as n_tools,
        /*{tools}*/ as tools_json,
        /*{response_format}*/ as response_format,
        /*{reasoning_effort}*/ as reasoning_effort,
        /*{input_tokens}*/ as input_tokens,
        /*{cache_read_tokens}*/ as cache_read_tokens,
        /*{cache_write_tokens}*/ as cache_write_tokens,
        /*{output_tokens}*/ as output_tokens,
        /*{reasoning_tokens}*/ as reasoning_tokens,
        /*{cost_usd}*/ as cost_usd,
        /*{request_bytes}*/ as request_bytes,
        /*{response_bytes}*/ as response_bytes,
        coalesce(/*{latency_ms}*/, (real_number(/*{latency_s}*/) * 1000)::varchar) as latency_ms,
        /*{http_status}*/ as code_written,
        /*{status}*/ as status_written,
        /*{error_type}*/ as error_type,
        /*{finish_reason}*/ as finish_reason_raw,
        /*{is_gateway_cached}*/ as is_gateway_cached,
        /*{system_text}*/ as system_field,
        /*{prompt_text}*/ as prompt_field,
        /*{response_text}*/ as response_field,
        /*{messages}*/ as messages_field,
        /*{n_turns}*/ as n_turns_field,
        /*{n_tool_calls}*/ as n_tool_calls,
        whole_number(/*{prompt_chars}*/) as prompt_chars,
        whole_number(/*{response_chars}*/) as response_chars,
        /*{prompt_sha256}*/ as prompt_sha256,
        /*{response_sha256}*/ as response_sha256,
        /*{system_sha256}*/ as system_sha256
    from extracted
),

-- A prompt field may hold the list of messages, an answer field the answer of a provider.
shapes as not materialized (
    select
        *,
        case
            when starts_with(messages_field, '[') and json_valid(messages_field) then messages_field
            when starts_with(prompt_field, '[{') and contains(prompt_field, '"role"') and json_valid(prompt_field) then prompt_field
        end as chat,
        case when starts_with(response_field, '{') and json_valid(response_field) then response_field end as answer
    from mapped
),

typed as not materialized (
    select
        *,
        json_transform(chat, '[{"role": "VARCHAR", "content": "VARCHAR"}]') as messages,
        json_transform(chat, '[{"content": [{"type": "VARCHAR", "text": "VARCHAR"}]}]') as parts,
        coalesce(
            json_extract_string(answer, '$.choices[0].message.content'), json_extract_string(answer, '$.choices[0].text'),
            json_extract_string(answer, '$.message.content'),
            case
                when json_type(answer, '$.content') = 'ARRAY'
                    then text_of_parts(json_transform(answer, '{"content": [{"type": "VARCHAR", "text": "VARCHAR"}]}').content)
            end
        ) as answer_text
    from shapes
),

states as not materialized (
    select
        *,
        case when regexp_full_match(coalesce(nullif(code_written, ''), status_written), '[1-5]\d\d(\.0)?')
            then left(coalesce(nullif(code_written, ''), status_written), 3) end as code
    from typed
)

select
    row_index,
    line,
    started_at_raw,
    ended_at_raw,
    time_kind,
    provider,
    gateway,
    region,
    tenant_id,
    project_id,
    account_id,
    end_user_id,
    api_key_id,
    session_id,
    trace_id,
    request_id,
    response_id,
    client_ip,
    client_country,
    client_asn,
    ja4,
    user_agent,
    operation_of_word(operation_written) as operation,
    model_id(model_asked) as model_requested,
    model_id(model_answered) as model_served,
    coalesce(model_asked, model_answered) as model_raw,
    is_stream,
    n_choices,
    max_output_tokens,
    temperature,
    top_p,
    coalesce(
        n_tools, case when starts_with(tools_json, '[') and json_valid(tools_json) then json_array_length(tools_json)::varchar end
    ) as n_tools,
    nullif(tools_json, '') as tools_json,
    response_format,
    reasoning_effort,
    input_tokens,
    cache_read_tokens,
    cache_write_tokens,
    output_tokens,
    reasoning_tokens,
    cost_usd,
    request_bytes,
    response_bytes,
    latency_ms,
    code as http_status,
    coalesce(status_of_word(status_written), status_of_code(code)) as status,
    error_type,
    finish_reason_raw,
    is_gateway_cached,
    case when is_redacted(coalesce(prompt_field, messages[-1].content)) then 'redacted' end as prompt_state,
    case when is_redacted(response_field) then 'redacted' end as response_state,
    coalesce(
        system_field, case when is_system_role(messages[1].role) then text_of_content(messages[1].content, parts[1].content) end
    ) as system_text,
    case
        when is_redacted(coalesce(prompt_field, messages[-1].content)) then null
        when len(messages) > 0 then last_user_text(messages, parts)
        else prompt_field
    end as prompt_text,
    case when not coalesce(is_redacted(response_field), false) then coalesce(answer_text, response_field) end as response_text,
    case when is_conversation(messages) then chat end as messages_json,
    coalesce(n_turns_field, len(messages)::varchar) as n_turns,
    n_tool_calls,
    prompt_chars,
    response_chars,
    prompt_sha256,
    response_sha256,
    system_sha256
from states
