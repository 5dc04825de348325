/*---
table = "exchange_features"
reads = ["exchanges", "duplicates", "accounts_directory", "shared_content"]
[params]
edge_chars = { value = 48, unit = "characters", why = "about eight English words; independent people rarely share so long a beginning (0 to 2.5 % of human prompts in public sets share 40), frames always do" }
system_chars = { value = 200, unit = "characters", why = "system prompts often end in a date or a directory; the beginning identifies the product" }
read_chars = { value = 1000, unit = "characters", why = "bounds the cost of normalising; only both edges of the text are used, and marks shorten it" }
---*/
with directory as (
    select account_id, min(tenant_id) as tenant_id from accounts_directory group by account_id
),
kept as (
    select e.* replace (coalesce(e.tenant_id, d.tenant_id) as tenant_id)
    from exchanges as e
    anti join duplicates as x using (record_id)
    left join directory as d using (account_id)
    where e.account_id is not null and e.started_at is not null
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
        concat_ws(' ', system_visible, prompt_visible) as all_text
    from framed
)
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
    case when user_agent is not null or ja4 is not null then concat_ws(' ', user_agent, ja4) end as client,
    end_user_id,
    session_id,
    coalesce(short_hash(nullif(prompt_plain, '')), left(prompt_sha256, 16)) as prompt_hash,
    coalesce(short_hash(nullif(plain(response_visible), '')), left(response_sha256, 16)) as response_hash,
    prompt_chars,
    response_chars,
    n_turns,
    is_stream,
    n_choices,
    temperature,
    n_tools,
    tools_sha256,
    reasoning_signature_sha256,
    cache_read_tokens,
    latency_ms,
    http_status,
    error_type,
    client_country,
    client_asn,
    api_key_id,
    project_id,
    coalesce('system:' || short_hash(nullif(system_head, '')), 'system:' || left(system_sha256, 16)) as system_template,
    case when length(prompt_head) >= $edge_chars then 'prefix:' || short_hash(left(prompt_head, $edge_chars)) end as prefix_template,
    case when length(prompt_tail) >= 2 * $edge_chars then 'suffix:' || short_hash(right(prompt_tail, $edge_chars)) end as suffix_template,
    case
        when coalesce(max_output_tokens::varchar, temperature::varchar, top_p::varchar, tools_sha256, response_format, reasoning_effort) is not null
        then 'parameters:' || short_hash(concat_ws(
            '|', operation, coalesce(max_output_tokens::varchar, '-'), coalesce(temperature::varchar, '-'), coalesce(top_p::varchar, '-'),
            coalesce(is_stream::varchar, '-'), coalesce(n_choices::varchar, '-'), coalesce(n_tools::varchar, '-'), coalesce(tools_sha256, '-'),
            coalesce(response_format, '-'), coalesce(reasoning_effort, '-')))
    end as parameter_template,
    near_template,
    passage_template,
    case
        when system_text is null and prompt_text is null then null
        else list_filter(
            [
                case when regexp_matches(all_text, $cot_elicitation_gate) then case when regexp_matches(all_text, $cot_elicitation) then 'cot_elicitation' end end,
                case when regexp_matches(all_text, $grader_rubric) then 'grader_rubric' end
            ],
            lambda mark: mark is not null)
    end as lexicon_marks
from normalised
left join shared_content using (record_id)
order by started_at, record_id
