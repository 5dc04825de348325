/*---
reads = ["exchanges", "duplicates", "accounts_directory", "account_traits", "reasoning_places", "shared_content"]
partition = { exchanges = "record_id", duplicates = "record_id", reasoning_places = "sample_record_id", shared_content = "record_id" }
order = "started_at, record_id"
parts = "time"
params.edge_chars = "long_prompt_chars"
params.system_chars = "opening_chars"
params.opening_chars = "opening_chars"
params.read_chars = "read_chars"
---*/
with directory as (
    select account_id, min(tenant_id) as tenant_id from accounts_directory group by account_id
),
kept as (
    select
        e.* replace (coalesce(e.tenant_id, d.tenant_id) as tenant_id),
        case when e.user_agent is not null or e.ja4 is not null then concat_ws(' ', e.user_agent, e.ja4) end as client_name
    from exchanges as e
    anti join duplicates as x using (record_id)
    left join directory as d using (account_id)
    where e.account_id is not null and e.started_at >= $since::timestamp and e.started_at < $before::timestamp
),
replayed as (
    select distinct sample_record_id as record_id from reasoning_places where is_replay
),
visible_text as (
    select *, visible(prompt_text) as prompt_visible, visible(response_text) as response_visible, visible(system_text) as system_visible from kept
),
framed as (
    select *, frame(left(prompt_visible, $read_chars)) as prompt_head, left(frame(left(system_visible, $read_chars)), $system_chars) as system_head
    from visible_text
),
normalised as (
    select
        *,
        plain(prompt_visible) as prompt_plain,
        case when length(prompt_visible) <= $read_chars then prompt_head else frame(right(prompt_visible, $read_chars)) end as prompt_tail,
        concat_ws(' ', system_visible, prompt_visible) as all_text,
        short_hash(client_name) as client_hash,
        regexp_matches(concat_ws(' ', system_visible, prompt_visible), $phrase_gate) as may_hold_phrase,
        traits.is_even,
        replayed.record_id is not null as is_replayed
    from framed
    left join account_traits as traits using (account_id)
    left join replayed using (record_id)
),
marked as (
    select
        *,
        case
            when text_fingerprints is not null then list_concat(
                text_fingerprints.lexicon_marks, case when is_replayed and text_fingerprints.lexicon_marks is not null then ['replayed_reasoning'] end)
            when system_text is null and prompt_text is null then null
            else list_filter(
                [
                    case when may_hold_phrase then case when regexp_matches(all_text, $cot_elicitation) then 'cot_elicitation' end end,
                    case when may_hold_phrase then case when regexp_matches(all_text, $grader_rubric) then 'grader_rubric' end end,
                    case when regexp_matches(all_text, $encoded_block) then 'encoded_block' end,
                    case when regexp_matches(left(prompt_visible, $read_chars), $task_code) then 'task_code' end,
                    case when regexp_matches(left(prompt_visible, $read_chars), $task_math) then 'task_math' end,
                    case when is_replayed then 'replayed_reasoning' end
                ],
                lambda mark: mark is not null)
        end as lexicon_marks
    from normalised
),
-- The join with what texts share comes last: the engine keeps one side of it in memory, and it may choose this one.
featured as (
    select
        record_id,
        account_id,
        tenant_id,
        started_at,
        time_resolution_us,
        coalesce(model_served, model_requested) as model,
        operation,
        input_tokens,
        output_tokens,
        max_output_tokens,
        response_bytes,
        status,
        finish_reason,
        case when not coalesce(is_ip_masked, false) then client_ip end as client_ip,
        case when not coalesce(is_ip_masked, false) then network(client_ip) end as ip_prefix,
        user_agent,
        client_name as client,
        end_user_id,
        session_id,
        coalesce(text_fingerprints.prompt_hash, short_hash(nullif(prompt_plain, '')), left(prompt_sha256, 16)) as prompt_hash,
        coalesce(text_fingerprints.response_hash, short_hash(nullif(plain(response_visible), '')), left(response_sha256, 16)) as response_hash,
        prompt_chars,
        response_chars,
        coalesce(text_fingerprints.first_number, try_cast(regexp_extract(left(prompt_visible, $read_chars), '\b([0-9]{1,9})\b', 1) as bigint)) as first_number,
        coalesce(text_fingerprints.last_number, try_cast(regexp_extract_all(right(prompt_visible, $read_chars), '\b[0-9]{1,9}\b')[-1] as bigint)) as last_number,
        n_turns,
        is_stream,
        n_choices,
        temperature,
        n_tools,
        tools_sha256,
        reasoning_signature_sha256,
        reasoning_refusals,
        cache_read_tokens,
        latency_ms,
        http_status,
        error_type,
        client_country,
        client_asn,
        api_key_id,
        project_id,
        source_format,
        coalesce(text_fingerprints.system_template, 'system:' || short_hash(nullif(system_head, '')), 'system:' || left(system_sha256, 16)) as system_template,
        coalesce(
            text_fingerprints.prefix_template,
            case when length(prompt_head) >= $edge_chars then 'prefix:' || short_hash(left(prompt_head, $edge_chars)) end) as prefix_template,
        coalesce(
            text_fingerprints.suffix_template,
            case when length(prompt_tail) >= 2 * $edge_chars then 'suffix:' || short_hash(right(prompt_tail, $edge_chars)) end) as suffix_template,
        'parameters:' || short_hash(parameter_key(
            operation, max_output_tokens, temperature, top_p, is_stream, n_choices, n_tools, tools_sha256, response_format, reasoning_effort
        )) as parameter_template,
        'program:' || client_hash as program_template,
        case when is_even then 'pace:' || coalesce(client_hash, short_hash('')) end as pace_template,
        null::varchar as near_template,
        null::varchar as passage_template,
        lexicon_marks,
        case
            when status in ('limited', 'error') and finish_reason is null then null
            when status = 'blocked' or finish_reason in ('refusal', 'filter') then true
            else coalesce(text_fingerprints.is_refusal, regexp_matches(left(response_visible, $opening_chars), $refusal), case when finish_reason is not null then false end)
        end as is_refused
    from marked
)
select featured.* replace (shared.near_template as near_template, shared.passage_template as passage_template)
from featured
left join shared_content as shared using (record_id)
order by started_at, record_id
