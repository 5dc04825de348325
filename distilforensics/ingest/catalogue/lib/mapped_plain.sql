-- Plain records read by a mapping of fields to columns: every field is text or a number, and messages are texts with a role. Rows with
-- `is_odd` are not plain and are read by `mapped.sql`; on all others both give the same. The comments in braces stand for what the mapping
-- says; for fields that it does not name NULL constants are put in.
with extracted as not materialized (
    select row_index, line, /*{fields}*/ as v
    from lines
),

mapped as not materialized (
    select
        row_index,
/*{columns}*/
        line
    from extracted
),

decoded as not materialized (
    select
        *,
        case when /*{prompt_text}*/ = '' then /*{prompt_text}*/ else meant(/*{prompt_text}*/) end as prompt_field,
        answered(/*{response_text}*/) as response_field,
        /*{parsed_messages}*/ as talk,
        /*{called}*/ as called,
        coalesce(nullif(/*{http_status}*/, ''), /*{status}*/) as code_written
    from mapped
),

places as not materialized (
    select
        *,
        /*{last_content}*/ as last_content,
        is_system_role(/*{first_role}*/) as has_system,
        coalesce(/*{http_method}*/, called.method) as method,
        coalesce(/*{operation}*/, called.path) as path,
        case when regexp_full_match(code_written, '[1-5]\d\d(\.0)?') then left(code_written, 3) end as code
    from decoded
)

select
    row_index,
    line,
    /*{started_at}*/ as started_at_raw,
    /*{started_text}*/ as started_text,
    /*{ended_at}*/ as ended_at_raw,
    /*{time_kind}*/ as time_kind,
    /*{provider}*/ as provider,
    /*{gateway}*/ as gateway,
    /*{region}*/ as region,
    /*{tenant_id}*/ as tenant_id,
    /*{project_id}*/ as project_id,
    /*{account_id}*/ as account_id,
    nullif(/*{end_user_id}*/, '') as end_user_id,
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
    operation_of_word(path) as operation,
    model_id(nullif(/*{model_requested}*/, '')) as model_requested,
    model_id(nullif(/*{model_served}*/, '')) as model_served,
    coalesce(nullif(/*{model_requested}*/, ''), nullif(/*{model_served}*/, '')) as model_raw,
    /*{is_stream}*/ as is_stream,
    /*{n_choices}*/ as n_choices,
    /*{max_output_tokens}*/ as max_output_tokens,
    /*{temperature}*/ as temperature,
    /*{top_p}*/ as top_p,
    coalesce(
        /*{n_tools}*/, case when starts_with(/*{tools}*/, '[') and json_valid(/*{tools}*/) then json_array_length(/*{tools}*/)::varchar end
    ) as n_tools,
    nullif(/*{tools}*/, '') as tools_json,
    /*{response_format}*/ as response_format,
    /*{reasoning_effort}*/ as reasoning_effort,
    case
        when /*{is_cache_left_out}*/ then sum_of_counts(/*{input_tokens}*/, /*{cache_read_tokens}*/, /*{cache_write_tokens}*/)
        else nullif(/*{input_tokens}*/, '')
    end as input_tokens,
    nullif(/*{cache_read_tokens}*/, '') as cache_read_tokens,
    nullif(/*{cache_write_tokens}*/, '') as cache_write_tokens,
    case
        when /*{is_reasoning_left_out}*/ then sum_of_counts(/*{output_tokens}*/, /*{reasoning_tokens}*/, null)
        else nullif(/*{output_tokens}*/, '')
    end as output_tokens,
    nullif(/*{reasoning_tokens}*/, '') as reasoning_tokens,
    /*{cost_usd}*/ as cost_usd,
    /*{request_bytes}*/ as request_bytes,
    /*{response_bytes}*/ as response_bytes,
    coalesce(
        /*{latency_ms}*/, (real_number(/*{latency_s}*/) * 1000)::varchar,
        (real_number(/*{latency_us}*/) / 1000)::varchar, (real_number(/*{latency_ns}*/) / 1e6)::varchar,
        milliseconds_of(/*{latency}*/)::varchar
    ) as latency_ms,
    code as http_status,
    coalesce(status_of_word(/*{status}*/), status_of_code(code)) as status,
    nullif(/*{error_type}*/, '0') as error_type,
    /*{finish_reason}*/ as finish_reason_raw,
    /*{is_gateway_cached}*/ as is_gateway_cached,
    case
        when is_redacted(coalesce(prompt_field, last_content)) then 'redacted'
        when is_marked_as_cut(coalesce(prompt_field, last_content)) then 'truncated'
    end as prompt_state,
    case
        when is_redacted(response_field) then 'redacted'
        when is_marked_as_cut(response_field) then 'truncated'
    end as response_state,
    coalesce(/*{system_text}*/, /*{first_system}*/) as system_text,
    case when not coalesce(is_redacted(coalesce(prompt_field, last_content)), false) then /*{prompt}*/ end as prompt_text,
    case when not coalesce(is_redacted(response_field), false) then response_field end as response_text,
    /*{whole_talk}*/ as messages_json,
    coalesce(/*{n_turns}*/, /*{n_messages}*/::varchar) as n_turns,
    /*{n_tool_calls}*/ as n_tool_calls,
    whole_number(/*{prompt_chars}*/) as prompt_chars,
    whole_number(/*{response_chars}*/) as response_chars,
    /*{prompt_sha256}*/ as prompt_sha256,
    /*{response_sha256}*/ as response_sha256,
    /*{system_sha256}*/ as system_sha256,
    coalesce(
        /*{outside}*/,
        case
            when /*{must_show_calls}*/ and coalesce(
                meant(/*{model_requested}*/), meant(/*{model_served}*/), nullif(prompt_field, ''), nullif(response_field, ''), /*{messages}*/,
                /*{prompt_sha256}*/, /*{response_sha256}*/, /*{prompt_chars}*/, /*{response_chars}*/, path, code,
                nullif(meant(/*{error_type}*/), '0'), meant(/*{finish_reason}*/)
            ) is null and coalesce(status_of_word(/*{status}*/), 'ok') = 'ok'
                and coalesce(real_number(/*{latency_ms}*/), real_number(/*{latency_s}*/), real_number(/*{latency_us}*/), real_number(/*{latency_ns}*/), 0) = 0
                and coalesce(whole_number(/*{input_tokens}*/), 0) = 0
                and coalesce(whole_number(/*{output_tokens}*/), 0) = 0
                then 'no_sign_of_a_call'
            when not /*{is_web}*/ then null
            when method is not null and method <> 'POST' and not (method = 'GET' and coalesce(contains(path, '/realtime'), false))
                then 'not_an_api_call'
            when method is null and path is not null and operation_of_path(path) is null then 'not_an_api_call'
        end
    ) as out_of_scope,
    case when /*{assumed}*/ then ['ts_assumed'] end as flags,
    /*{join_keys}*/ as join_keys,
    /*{join_order}*/ as join_order,
    /*{is_part}*/ as is_part,
    /*{resolution}*/ as time_resolution_us,
    case when /*{unreadable}*/ then 'unreadable_line' end as refusal_reason,
    case when /*{unreadable}*/ then 'the line has not the shape of the format' end as refusal_detail,
    coalesce(
        regexp_matches(/*{prompt_text}*/, '^([\[{"]|[A-Z]\w+\(\w+=)')
        or regexp_matches(/*{response_text}*/, '^([\[{"]|[A-Z]\w+\(\w+=|data:|event:)')
        or starts_with(/*{system_text}*/, '[') or /*{is_odd_talk}*/, false
    ) as is_odd
from places
