/*---
table = "populations"
reads = ["account_profiles"]
[params]
min_exchanges = { value = 20, unit = "exchanges", why = "ratios of accounts with fewer exchanges are mostly noise" }
---*/
with measured as (
    select 'exchanges' as measure, n_exchanges::double as value from account_profiles
    union all
    select 'exchanges_per_active_day', n_exchanges / nullif(n_active_days, 0) from account_profiles where n_exchanges >= $min_exchanges
    union all
    select 'output_input_ratio', output_tokens / nullif(input_tokens, 0) from account_profiles where n_with_tokens >= $min_exchanges
    union all
    select 'prompt_diversity', n_distinct_prompts / nullif(n_with_prompt, 0) from account_profiles where n_with_prompt >= $min_exchanges
    union all
    select 'active_hours_of_week', n_active_hours_of_week::double from account_profiles where n_exchanges >= $min_exchanges
    union all
    select 'ips', n_ips::double from account_profiles where n_exchanges >= $min_exchanges and n_ips > 0
    union all
    select 'end_users', n_end_users::double from account_profiles where n_exchanges >= $min_exchanges
),
centres as (
    select measure, median(value) as centre from measured where value is not null group by measure
)
select
    measured.measure,
    count(*) as n_accounts,
    round(median(measured.value), 6) as median,
    round(median(abs(measured.value - centres.centre)), 6) as mad,
    round(quantile_cont(measured.value, 0.9), 6) as p90,
    round(quantile_cont(measured.value, 0.99), 6) as p99
from measured
join centres on centres.measure = measured.measure
where measured.value is not null
group by measured.measure
order by measured.measure
