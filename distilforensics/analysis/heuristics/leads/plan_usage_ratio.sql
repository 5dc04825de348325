/*---
id = "infrastructure.plan_usage_ratio"
code = "I4"
title = "The accounts of a group use far more than others pay for with the same plan"
status = "experimental"
level = "lead"
description = "Sets the daily use of each account against the accounts outside of the group that have the same plan. Counts how many of the group lie above nearly all of them. Buying throughput on many small plans is described of campaigns; a demanding honest product shows the same, so it bears no grade."
entity = "group"
sees = "$min_tenants tenants of which a share of $min_share uses more per active day than $quantile of the accounts with the same plan outside of the group, $min_excess more than among those."
volume = "$min_tenants tenants (accounts without a tenant count one each) with a plan and $min_days active days each in the group, and $min_reference_accounts accounts with the same plan outside of it"
reads = ["account_days", "account_profiles", "all_group_accounts", "customers", "group_accounts"]
needs = ["account_id", "started_at", "accounts_directory.plan"]
params.min_tenants = "group_accounts"
params.min_days = "days"
params.min_reference_accounts = "group_accounts"
params.n_reference_accounts = "sampled_accounts"
params.quantile = "most"
params.min_share = "half"
params.min_excess = "excess"
params.ceiling = "most"
output.plan = { unit = "plan", meaning = "most frequent plan among the accounts above" }
output.n_accounts_above = { unit = "accounts", meaning = "accounts above the quantile of their plan" }
output.median_ratio = { unit = "ratio", meaning = "daily use / median of the same plan outside, median over the group" }
output.use_unit = { unit = "tokens or exchanges", meaning = "what was counted: output tokens where more than half of the accounts of the log have them" }
output.share_at_ceiling = { unit = "share of active days", meaning = "days with at least this share of the busiest day's exchanges, median over the group; high values are consistent with a quota that is used up" }
value = { unit = "share of the group's accounts with a plan", meaning = "accounts above the quantile of their plan; baseline: the same among accounts outside of the group" }
falsepositives = ["a coding agent or another product that needs much, beside people who chat, on the same plan", "plans without limits on which companies and persons meet"]
limitations = ["needs plans in the accounts directory", "pools that stay in the middle of their plan are not seen", "plans say nothing where all accounts have the same"]
references = ["NSA, CISA, FBI, joint advisory AA26-251A, 8 September 2026: anomalous subscription-to-usage ratio"]
tags = ["atlas.AML.T0024.002", "owasp.LLM10"]
author = "distilforensics"
date = "2026-11-25"
modified = "2026-11-30"
version = 3
---*/
with units as (
    select case when count(*) filter (where output_tokens > 0) * 2 > count(*) then 'tokens' else 'exchanges' end as use_unit from account_profiles
),
accounts as (
    select
        p.account_id,
        p.plan,
        p.n_exchanges,
        c.named_customer as tenant,
        case u.use_unit when 'tokens' then p.output_tokens else p.n_exchanges end / nullif(p.n_active_days, 0) as daily_use
    from account_profiles as p
    join customers as c on c.account_id = p.account_id
    cross join units as u
    where p.plan is not null and p.n_active_days >= $min_days and case u.use_unit when 'tokens' then p.output_tokens else p.n_exchanges end is not null
),
members as (
    select g.group_id, a.*
    from group_accounts as g
    join accounts as a on a.account_id = g.account_id
),
sizes as (
    select group_id, count(*) as n_accounts, sum(n_exchanges)::bigint as n_exchanges
    from members
    group by group_id
    having count(distinct tenant) >= $min_tenants
),
sampled as (
    select account_id, plan, daily_use
    from accounts
    qualify row_number() over (partition by plan order by md5(account_id), account_id) <= $n_reference_accounts
),
asked as (
    select distinct m.group_id, m.plan
    from members as m
    semi join sizes as s on s.group_id = m.group_id
),
outside as (
    select q.group_id, q.plan, s.daily_use
    from asked as q
    join sampled as s on s.plan = q.plan
    anti join all_group_accounts as g on g.group_id = q.group_id and g.account_id = s.account_id
),
usual as (
    select group_id, plan, count(*) as n, quantile_cont(daily_use, $quantile) as high, median(daily_use) as middle
    from outside
    group by group_id, plan
    having count(*) >= $min_reference_accounts
),
usual_shares as (
    select o.group_id, count(*) filter (where o.daily_use > u.high) / nullif(count(*), 0) as share
    from outside as o
    join usual as u on u.group_id = o.group_id and u.plan = o.plan
    group by o.group_id
),
ceilings as (
    select account_id, count(*) filter (where n_exchanges >= $ceiling * busiest) / nullif(count(*), 0) as share
    from (select account_id, n_exchanges, max(n_exchanges) over (partition by account_id) as busiest from account_days)
    group by account_id
),
compared as (
    select m.group_id, m.account_id, m.plan, m.n_exchanges, m.tenant, m.daily_use > u.high as is_above, m.daily_use / nullif(u.middle, 0) as ratio, c.share as at_ceiling
    from members as m
    join usual as u on u.group_id = m.group_id and u.plan = m.plan
    join ceilings as c on c.account_id = m.account_id
),
plans_above as (
    select group_id, plan
    from compared
    where is_above
    group by group_id, plan
    qualify row_number() over (partition by group_id order by count(*) desc, plan) = 1
),
judged as (
    select
        group_id,
        count(*) as n_accounts,
        sum(n_exchanges)::bigint as n_exchanges,
        count(*) filter (where is_above) as n_above,
        median(ratio) as median_ratio,
        median(at_ceiling) as at_ceiling
    from compared
    group by group_id
    having count(distinct tenant) >= $min_tenants
)
select
    j.group_id as entity_id,
    round(j.n_above / nullif(j.n_accounts, 0), 6) >= round(greatest($min_share, s.share + $min_excess), 6) as is_fired,
    round(j.n_above / nullif(j.n_accounts, 0), 6) as value,
    round(s.share, 6) as baseline,
    round(greatest($min_share, s.share + $min_excess), 6) as threshold,
    j.n_exchanges,
    j.n_accounts,
    p.plan,
    j.n_above as n_accounts_above,
    round(j.median_ratio, 3) as median_ratio,
    u.use_unit,
    round(j.at_ceiling, 6) as share_at_ceiling
from judged as j
join usual_shares as s on s.group_id = j.group_id
left join plans_above as p on p.group_id = j.group_id
cross join units as u
order by entity_id
