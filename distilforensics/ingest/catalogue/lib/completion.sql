-- What every format has in common: text becomes typed values, times become UTC, doubts become flags, and a record that
-- cannot be placed in time is refused. The comments in braces stand for the format's own SELECT and for the examiner's choices.
-- Records of plain logs have times in few notations; a projection of these leaves the others to that of all records (plain.py).
-- Columns are in braces as well: for those that a format does not yield NULL constants are put in, so that the engine folds away all
-- that depends on them.
with written as not materialized (
/*{format}*/
),

zoned as not materialized (
    select
        *,
        iso_zone(case when /*{time_kind}*/ is null then /*{started_text}*/ end) as started_zone,
        iso_zone(/*{ended_at_raw}*/) as ended_zone,
        coalesce(is_plain_ipv4(/*{client_ip}*/), false) as is_address_plain
    from written
),

time_parts as not materialized (
    select
        *,
        /*{odd_times}*/
        case when is_address_plain then /*{client_ip}*/ else canonical_address(meant(/*{client_ip}*/)) end as address
    from zoned
),

instants as not materialized (
    select
        *,
        instant_of(/*{started_text}*/, started_zone, /*{started_parts}*/, started_epoch, /*{zone}*/) /*{start_shift}*/ as started,
        instant_of(/*{ended_at_raw}*/, ended_zone, /*{ended_parts}*/, ended_epoch, /*{zone}*/) as ended,
        time_kind_of(started_zone, /*{started_parts}*/, started_epoch) as started_kind,
        /*{account}*/ as account_written,
        is_secret(/*{api_key_id}*/) as is_key_secret,
        whole_number(/*{input_tokens}*/) as n_input_written,
        coalesce(whole_number(/*{cache_read_tokens}*/), 0) + coalesce(whole_number(/*{cache_write_tokens}*/), 0) as n_cached,
        whole_number(/*{output_tokens}*/) as n_output
    from time_parts
),

typed as not materialized (
    select
        *,
        case when is_possible(started) and (/*{time_kind}*/ is null or /*{time_kind}*/ = started_kind) then started end as placed,
        case when is_possible(ended) then ended end as finished,
        is_secret(account_written) as is_account_secret,
        -- More tokens from the cache than in all: the source leaves them out of its count.
        n_input_written < n_cached as is_cache_left_out,
        case when n_input_written < n_cached then n_input_written + n_cached else n_input_written end as n_input,
        real_number(/*{latency_ms}*/) as latency_logged
    from instants
),

measured as not materialized (
    select *, coalesce(latency_logged, (epoch_us(finished) - epoch_us(placed)) / 1000) as latency
    from typed
)

select
    row_index,
    placed as started_at,
    finished as ended_at,
    /*{started_at_raw}*/ as started_at_raw,
    case when placed is not null then started_kind end as time_kind,
    case when placed is not null
        then coalesce(/*{time_resolution_us}*/, resolution_of(/*{started_text}*/, started_zone, /*{started_parts}*/, started_kind)) end
        as time_resolution_us,
    meant(/*{provider}*/) as provider,
    /*{gateway}*/ as gateway,
    meant(/*{region}*/) as region,
    meant(/*{tenant_id}*/) as tenant_id,
    meant(/*{project_id}*/) as project_id,
    case
        when is_account_secret then keyed_hash(account_written)
        else exact_id(account_written)
    end as account_id,
    meant(/*{end_user_id}*/) as end_user_id,
    case when is_key_secret then keyed_hash(/*{api_key_id}*/) else exact_id(/*{api_key_id}*/) end as api_key_id,
    meant(/*{session_id}*/) as session_id,
    meant(/*{trace_id}*/) as trace_id,
    exact_id(/*{request_id}*/) as request_id,
    exact_id(/*{response_id}*/) as response_id,
    address as client_ip,
    case
        when address is null then null
        when is_address_plain then false
        else is_masked_address(address)
    end as is_ip_masked,
    meant(/*{client_country}*/) as client_country,
    whole_number(/*{client_asn}*/) as client_asn,
    meant(/*{ja4}*/) as ja4,
    meant(/*{user_agent}*/) as user_agent,
    /*{operation}*/ as operation,
    meant(/*{model_requested}*/) as model_requested,
    meant(/*{model_served}*/) as model_served,
    nullif(/*{model_raw}*/, '') as model_raw,
    truth(/*{is_stream}*/) as is_stream,
    whole_number(/*{n_choices}*/) as n_choices,
    whole_number(/*{max_output_tokens}*/) as max_output_tokens,
    real_number(/*{temperature}*/) as temperature,
    real_number(/*{top_p}*/) as top_p,
    whole_number(/*{n_tools}*/) as n_tools,
    sha256(/*{tools_json}*/) as tools_sha256,
    nullif(/*{response_format}*/, '') as response_format,
    nullif(/*{reasoning_effort}*/, '') as reasoning_effort,
    n_input as input_tokens,
    whole_number(/*{cache_read_tokens}*/) as cache_read_tokens,
    whole_number(/*{cache_write_tokens}*/) as cache_write_tokens,
    n_output as output_tokens,
    whole_number(/*{reasoning_tokens}*/) as reasoning_tokens,
    real_number(/*{cost_usd}*/) as cost_usd,
    whole_number(/*{request_bytes}*/) as request_bytes,
    whole_number(/*{response_bytes}*/) as response_bytes,
    case when latency >= 0 then latency end as latency_ms,
    whole_number(/*{http_status}*/) as http_status,
    /*{status}*/ as status,
    meant(/*{error_type}*/) as error_type,
    finish_reason_of(/*{finish_reason_raw}*/) as finish_reason,
    nullif(/*{finish_reason_raw}*/, '') as finish_reason_raw,
    truth(/*{is_gateway_cached}*/) as is_gateway_cached,
    coalesce(/*{prompt_state}*/, case when /*{prompt_text}*/ is null then 'not_logged' else 'full' end) as prompt_state,
    coalesce(/*{response_state}*/, case when /*{response_text}*/ is null then 'not_logged' else 'full' end) as response_state,
    /*{system_text}*/ as system_text,
    /*{prompt_text}*/ as prompt_text,
    /*{response_text}*/ as response_text,
    /*{messages_json}*/ as messages_json,
    whole_number(/*{n_turns}*/) as n_turns,
    whole_number(/*{n_tool_calls}*/) as n_tool_calls,
    coalesce(/*{prompt_chars}*/, length(/*{prompt_text}*/)) as prompt_chars,
    coalesce(/*{response_chars}*/, length(/*{response_text}*/)) as response_chars,
    nullif(/*{prompt_sha256}*/, '') as prompt_sha256,
    nullif(/*{response_sha256}*/, '') as response_sha256,
    nullif(/*{system_sha256}*/, '') as system_sha256,
    sha256(nullif(/*{reasoning_signature}*/, '')) as reasoning_signature_sha256,
    /*{reasoning_refusals}*/ as reasoning_refusals,
    coalesce(
        string_split(
            nullif(
                concat_ws(
                    ' ',
                    case when started_kind = 'iso_naive' and placed is not null then 'ts_naive' end,
                    case when /*{ended_at_raw}*/ is not null and finished is null then 'ended_at_unreadable' end,
                    case when latency < 0 then 'negative_latency' end,
                    case when meant(/*{client_ip}*/) is not null and address is null then 'address_unreadable' end,
                    case when address is not null and contains(/*{client_ip}*/, ',') then 'address_list' end,
                    case when is_key_secret or is_account_secret then 'secret_hashed' end,
                    case when account_written <> '' and is_placeholder(account_written) then 'account_placeholder' end,
                    case when is_inexact_id(account_written) or is_inexact_id(/*{api_key_id}*/) or is_inexact_id(/*{request_id}*/)
                        then 'id_inexact' end,
                    case when is_cache_left_out then 'cache_left_out' end,
                    /*{local_flags}*/
                    case
                        when (meant(/*{input_tokens}*/) is not null and n_input is null) or (meant(/*{output_tokens}*/) is not null and n_output is null)
                            then 'tokens_unreadable'
                    end
                ),
                ''
            ),
            ' '
        ),
        []
    ) || coalesce(/*{flags}*/, []) as flags,
    /*{out_of_scope}*/ as out_of_scope,
    case when /*{out_of_scope}*/ is null then coalesce(
        /*{refusal_reason}*/, case when placed is null and not (/*{started_at_raw}*/ is null and coalesce(/*{is_part}*/, false)) then 'invalid_timestamp' end
    ) end as refusal_reason,
    case
        when /*{out_of_scope}*/ is not null then null
        when /*{refusal_reason}*/ is not null then /*{refusal_detail}*/
        when /*{started_at_raw}*/ is null then 'no start time, expected one in ' || /*{time_field}*/
        when placed is null
            then /*{time_field}*/ || ' is ' || to_json(left(/*{started_at_raw}*/, 60))::varchar || ', expected a time from 2000 to 2099'
    end as refusal_detail,
    /*{join_keys}*/ as join_keys,
    /*{join_order}*/ as join_order,
    /*{is_part}*/ as is_part
    /*{needs_care}*/
from measured
