with parsed as not materialized (
    select
        row_index,
        line,
        json_extract_string(line, '$.timestamp') as moment,
        json_extract_string(line, '$.level') as level,
        json_extract_string(line, '$.message') as message,
        json_extract_string(line, '$.span.name') as name,
        json_extract_string(line, '$.span.parameters') as parameters,
        json_extract_string(line, '$.spans[*].name') as names,
        regexp_extract(json_extract_string(line, '$.span.total_time'), '^([\d.]+)(s|ms|µs|ns)$', ['number', 'unit']) as took
    from lines
),

timed as not materialized (
    select
        *,
        message = 'Success' as is_success,
        level = 'ERROR' and coalesce(regexp_matches(name, 'generate|completions'), false) as is_failure,
        real_number(took.number) * case took.unit when 's' then 1000 when 'ms' then 1 when 'µs' then 0.001 when 'ns' then 0.000001 end as latency
    from parsed
)

select
    row_index,
    line,
    moment as started_at_raw,
    case
        when latency between 0 and 1e12
            then strftime(
                make_timestamp(epoch_us(try_cast(moment as timestamptz))) - to_microseconds(round(latency * 1000)::bigint), '%Y-%m-%d %H:%M:%S.%f'
            ) || 'Z'
        else moment
    end as started_text,
    'tgi' as gateway,
    case when regexp_matches(concat_ws(' ', name, array_to_string(names, ' ')), 'chat') then 'chat' else 'completion' end as operation,
    case name when 'generate_stream' then 'true' when 'generate' then 'false' end as is_stream,
    coalesce(
        nullif(regexp_extract(parameters, 'max_new_tokens: (?:Some\()?(\d+)', 1), ''),
        nullif(regexp_extract(message, 'and (\d+) `max_new_tokens`', 1), '')
    ) as max_output_tokens,
    nullif(regexp_extract(parameters, 'temperature: Some\(([\d.]+)\)', 1), '') as temperature,
    nullif(regexp_extract(parameters, 'top_p: Some\(([\d.]+)\)', 1), '') as top_p,
    nullif(regexp_extract(message, 'Given: (\d+) `inputs` tokens', 1), '') as input_tokens,
    latency::varchar as latency_ms,
    case when is_success then 'ok' when is_failure then 'error' end as status,
    case when not coalesce(is_success or is_failure, false) then 'server_message' end as out_of_scope
from timed
