/*---
id = "confounder.quota"
title = "Everybody uses up the same quota"
question = "Are the loads equal because many accounts stop at the same daily number?"
priority = 6
reads = ["candidate_members", "candidate_features"]
params.min_load = { default = 5, unit = "exchanges per account and day", why = "smaller numbers coincide anyway" }
params.min_share = { default = 0.4, unit = "share of the account days with that load", why = "at a mean of 25 a day, chance alone puts 8 % of the days on the most frequent number" }
references = ["employees on one plan with a daily quota; free tiers with a daily limit"]
version = 2
---*/
with loads as (
    select candidate_id, account_id, started_at::date as day, count(*) filter (where coalesce(status, 'ok') = 'ok') as n
    from candidate_features
    group by candidate_id, account_id, started_at::date
),
counted as (
    select candidate_id, n, count(*) as n_days from loads where n >= $min_load group by candidate_id, n
),
quotas as (
    select candidate_id, max(n_days) as n_at_quota, arg_max(n, (n_days, n)) as quota, sum(n_days) as n_days
    from counted
    group by candidate_id
),
sizes as (
    select candidate_id, sum(n)::bigint as n_exchanges from loads group by candidate_id
),
members as (
    select candidate_id, count(*) as n_accounts from candidate_members group by candidate_id
),
measured as (
    select
        m.candidate_id,
        m.n_accounts,
        coalesce(s.n_exchanges, 0) as n_exchanges,
        coalesce(q.quota, 0) as quota,
        coalesce(q.n_at_quota / q.n_days, 0) as quota_share
    from members as m
    left join sizes as s on s.candidate_id = m.candidate_id
    left join quotas as q on q.candidate_id = m.candidate_id
)
select
    candidate_id,
    case when quota_share >= $min_share then 'partly' else 'rebutted' end as verdict,
    round(quota_share, 6) as value,
    $min_share::double as baseline,
    n_exchanges,
    n_accounts,
    concat(
        case
            when quota_share >= $min_share then 'A quota may account for the equal loads: '
            else 'A quota does not account for the loads: '
        end,
        format('on {:.1f} % of the days with {} or more answered requests an account had exactly {}', 100 * quota_share, $min_load, quota),
        '.') as statement
from measured
order by candidate_id
