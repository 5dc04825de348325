/*---
table = "exchange_features"
reads = ["exchanges", "duplicates", "accounts_directory"]
[params]
edge_chars = { value = 48, unit = "characters", why = "about eight English words; independent people rarely share so long a beginning (0 to 2.5 % of human prompts in public sets share 40), frames always do" }
system_chars = { value = 200, unit = "characters", why = "system prompts often end in a date or a directory; the beginning identifies the product" }
even_pace = { value = 0.35, unit = "median pause / mean pause", why = "pauses of people are short within and long between sessions (0.00 to 0.15, a few to 0.3 in simulated logs); chance alone gives 0.69, a circle of accounts 1" }
night_hours = { value = 8, unit = "hours", why = "longer pauses are nights and week-ends and say nothing about the pace of work" }
min_pauses = { value = 30, unit = "pauses", why = "a median over fewer is mostly noise" }
min_pace_days = { value = 3, unit = "UTC days", why = "one evenly paced afternoon is an exercise or a test" }
read_chars = { value = 1000, unit = "characters", why = "bounds the cost of normalising; only both edges of the text are used, and marks shorten it" }
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
    where e.account_id is not null and e.started_at is not null
),
-- Accounts that call at an even pace on several days: the only trace of a scheduler that a log without content keeps.
pauses as (
    select
        account_id,
        started_at::date as day,
        epoch_us(started_at) - lag(epoch_us(started_at)) over (partition by account_id order by started_at, record_id) as pause_us
    from kept
),
even_accounts as (
    select account_id
    from pauses
    where pause_us < $night_hours * 3600000000
    group by account_id
    having count(*) >= $min_pauses
        and count(distinct day) >= $min_pace_days
        and median(pause_us) >= $even_pace * sum(pause_us) / count(*)
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
        even_accounts.account_id is not null as is_even
    from framed
    left join even_accounts using (account_id)
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
    client_name as client,
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
    case when client_name is not null then 'program:' || short_hash(client_name) end as program_template,
    case when is_even then 'pace:' || short_hash(coalesce(client_name, '')) end as pace_template,
    case
        when system_text is null and prompt_text is null then null
        else list_filter(
            [
                case when regexp_matches(all_text, $cot_elicitation) then 'cot_elicitation' end,
                case when regexp_matches(all_text, $grader_rubric) then 'grader_rubric' end
            ],
            lambda mark: mark is not null)
    end as lexicon_marks
from normalised
order by started_at, record_id
