/*---
title = "What usage exports state beside what the log holds, per kind of export"
reads = ["reconciliation"]
driver = "sums of sums"
---*/
with periods as (
    -- Over all keys and models, so that a key or a model that two programs call differently is not taken for missing calls.
    select
        series, period_start, coverage,
        greatest(sum(stated_requests) - sum(log_requests), 0) as n_missing,
        greatest(sum(log_requests) - sum(log_failed) - coalesce(sum(stated_requests), 0), 0) as n_more
    from reconciliation
    where coverage <> 'outside'
    group by series, period_start, period_end, coverage
),
missing as (
    select series, sum(n_missing)::bigint as n_missing, sum(n_missing) filter (coverage = 'edge')::bigint as n_missing_at_edge, sum(n_more)::bigint as n_more
    from periods
    group by series
)
select
    r.series, min(r.period_start) as period_start, max(r.period_end) as period_end, max(r.key_column) as key_column, bool_or(r.is_by_model) as is_by_model,
    count(*) as n_sums,
    count(*) filter (r.verdict = 'equal') as n_equal,
    count(*) filter (r.verdict not in ('equal', 'cannot tell', 'outside of the log')) as n_different,
    count(*) filter (r.verdict = 'cannot tell') as n_open,
    count(*) filter (r.coverage = 'outside') as n_outside,
    sum(r.stated_requests) filter (r.coverage <> 'outside')::bigint as stated_requests,
    coalesce(sum(r.log_requests) filter (r.coverage <> 'outside'), 0)::bigint as log_requests,
    case when sum(r.stated_requests) is not null then coalesce(any_value(m.n_missing), 0) end as n_missing,
    case when sum(r.stated_requests) is not null then coalesce(any_value(m.n_missing_at_edge), 0) end as n_missing_at_edge,
    case when sum(r.stated_requests) is not null then coalesce(any_value(m.n_more), 0) end as n_more,
    sum(r.stated_requests) filter (r.coverage = 'outside')::bigint as outside_requests,
    sum(r.stated_input_tokens) filter (r.coverage <> 'outside')::bigint as stated_input_tokens,
    sum(r.log_input_tokens) filter (r.coverage <> 'outside')::bigint as log_input_tokens,
    sum(r.stated_output_tokens) filter (r.coverage <> 'outside')::bigint as stated_output_tokens,
    sum(r.log_output_tokens) filter (r.coverage <> 'outside')::bigint as log_output_tokens,
    sum(r.stated_cost_usd::decimal(28, 6)) filter (r.coverage <> 'outside')::double as stated_cost_usd
from reconciliation as r
left join missing as m on m.series = r.series
group by r.series
order by r.series
