/*---
reads = ["exchange_features", "exchanges", "template_uses"]
driver = "texts of samples are looked up in all exchanges, and one template may hold most of a log"
params.min_template_accounts = { default = 3, unit = "accounts", why = "a text that one or two accounts use says nothing about coordination; the coordination heuristics ask for more" }
params.read_chars = "read_chars"
params.text_chars = { default = 400, unit = "characters", why = "enough to recognise a template; the whole text is in the exhibit" }
---*/
-- Most prompts belong to one account; they fall out before anything is counted.
with shared as (
    select template_id from template_uses group by template_id having min(account_id) <> max(account_id)
),
grouped as (
    select
        template_id,
        min(kind) as kind,
        count(*) as n_exchanges,
        count(distinct account_id) as n_accounts,
        count(distinct tenant_id) as n_tenants,
        count(distinct prompt_hash) as n_distinct_prompts,
        min(started_at) as first_seen,
        max(started_at) as last_seen,
        min(record_id) as sample_record_id,
        max(record_id) as other_record_id
    from template_uses
    semi join shared using (template_id)
    group by template_id
    having count(distinct account_id) >= $min_template_accounts
),
population as (select count(distinct account_id) as n from exchange_features),
sampled as (
    select
        grouped.*,
        case when kind = 'system' then sample.system_text else sample.prompt_text end as text,
        concat_ws(' ', sample.user_agent, sample.ja4) as program,
        concat_ws(chr(30), sample.system_text, sample.prompt_text) as all_text,
        concat_ws(chr(30), other.system_text, other.prompt_text) as other_text,
        concat_ws(
            ', ', 'operation=' || sample.operation, 'max_output_tokens=' || sample.max_output_tokens::varchar,
            'temperature=' || sample.temperature::varchar, 'top_p=' || sample.top_p::varchar, 'is_stream=' || sample.is_stream::varchar,
            'n_choices=' || sample.n_choices::varchar, 'n_tools=' || sample.n_tools::varchar, 'response_format=' || sample.response_format,
            'reasoning_effort=' || sample.reasoning_effort) as parameters
    from grouped
    left join exchanges as sample on sample.record_id = grouped.sample_record_id
    left join exchanges as other on grouped.kind = 'passage' and other.record_id = grouped.other_record_id
),
visible_text as (
    select *, visible(text) as v from sampled
),
-- Written once for all kinds, since every use of a macro is planned anew.
framed as (
    select *, frame(case when kind = 'suffix' then right(v, $read_chars) else left(v, $read_chars) end) as frame_text from visible_text
)
select
    template_id,
    kind,
    n_exchanges,
    n_accounts,
    n_tenants,
    n_distinct_prompts,
    round(n_accounts / nullif(population.n, 0), 6) as account_share,
    first_seen,
    last_seen,
    sample_record_id,
    case
        when kind in ('system', 'prefix', 'near') then left(frame_text, $text_chars)
        when kind = 'suffix' then right(frame_text, $text_chars)
        when kind = 'passage' then left(common_passage(all_text, other_text, ('0x' || split_part(template_id, ':', 2))::bigint), $text_chars)
        when kind = 'prompt' then left(plain(v), $text_chars)
        when kind = 'parameters' then parameters
        when kind = 'pace' then left(concat_ws(' ', 'at an even pace:', nullif(program, '')), $text_chars)
        else template_id
    end as template_text
from framed
cross join population
order by template_id
