/*---
id = "confounder.load_test"
title = "A load test"
question = "Are constant prompts sent at a steady rate for answers that nobody keeps?"
priority = 4
reads = ["candidate_members", "candidate_features"]
params.max_distinct_share = { default = 0.05, unit = "different prompts / exchanges", why = "a load test repeats a handful of prompts" }
params.max_output_tokens = { default = 50, unit = "output tokens, median", why = "its answers are cut short; a harvest needs them" }
params.max_response_bytes = { default = 1000, unit = "bytes, median", why = "where tokens are not logged: fifty tokens are about 200 characters, and JSON and headers around them some hundred more" }
params.min_plateau_share = { default = 0.5, unit = "share of exchanges in hours within half of the median hour's volume", why = "a load test holds a rate; traffic of people swings by more than half" }
references = ["load tests with a fixed rate per key"]
version = 2
---*/
with hours as (
    select candidate_id, date_trunc('hour', started_at) as hour, count(*) as n from candidate_features group by candidate_id, date_trunc('hour', started_at)
),
medians as (
    select candidate_id, median(n) as n from hours group by candidate_id
),
plateaus as (
    select h.candidate_id, coalesce(sum(h.n) filter (where abs(h.n - m.n) <= 0.5 * m.n), 0) / sum(h.n) as plateau_share
    from hours as h
    join medians as m on m.candidate_id = h.candidate_id
    group by h.candidate_id
),
totals as (
    select
        candidate_id,
        count(*) as n_exchanges,
        count(distinct prompt_hash) / nullif(count(prompt_hash), 0) as distinct_share,
        -- A failed call has no answer, and not an empty one.
        median(output_tokens) filter (where coalesce(status, 'ok') in ('ok', 'partial')) as median_output,
        median(response_bytes) filter (where coalesce(status, 'ok') in ('ok', 'partial')) as median_bytes
    from candidate_features
    group by candidate_id
),
members as (
    select candidate_id, count(*) as n_accounts from candidate_members group by candidate_id
),
judged as (
    select
        m.candidate_id,
        m.n_accounts,
        coalesce(t.n_exchanges, 0) as n_exchanges,
        t.distinct_share,
        t.median_output,
        p.plateau_share,
        t.median_bytes,
        t.distinct_share <= $max_distinct_share
            and coalesce(t.median_output <= $max_output_tokens, t.median_bytes <= $max_response_bytes)
            and p.plateau_share >= $min_plateau_share as is_explained
    from members as m
    left join totals as t on t.candidate_id = m.candidate_id
    left join plateaus as p on p.candidate_id = m.candidate_id
)
select
    candidate_id,
    case when is_explained then 'applies' when not is_explained then 'rebutted' else 'not_checkable' end as verdict,
    round(distinct_share, 6) as value,
    $max_distinct_share::double as baseline,
    n_exchanges,
    n_accounts,
    concat(
        case
            when is_explained then 'The group is consistent with a load test: '
            when not is_explained then 'The group is not a load test: '
            else 'Whether the group is a load test cannot be settled: '
        end,
        array_to_string(
            [
                coalesce(format('{:.1f} % of its prompts are different ones', 100 * distinct_share), case when is_explained is null then 'prompts are not known' end),
                coalesce(
                    format('the median answer has {:.0f} tokens', median_output),
                    format('the median answer has {:.0f} bytes', median_bytes),
                    case when is_explained is null then 'the size of answers is not known' end),
                coalesce(format('{:.1f} % of its requests fall into hours of a steady rate', 100 * plateau_share), case when is_explained is null then 'times are not known' end)
            ], ', '),
        '.') as statement
from judged
order by candidate_id
