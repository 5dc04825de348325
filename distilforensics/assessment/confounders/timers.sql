/*---
id = "confounder.timers"
title = "Programs on timers of their own"
question = "Does every account call at one fixed interval, as monitors and heartbeats of a product do?"
priority = 5
reads = ["candidate_members", "candidate_features"]
params.tolerance = { default = 0.02, unit = "share of the account's median pause", why = "a timer keeps its interval to a second or two; in a circle of accounts every pause is the sum of many arrivals and varies by a tenth and more" }
params.min_tolerance_us = { default = 1500000, unit = "microseconds", why = "clocks of one second blur a pause by one second" }
params.min_pauses = { default = 20, unit = "pauses per account", why = "an interval shows by repetition" }
params.min_fixed_share = { default = 0.8, unit = "share of the account's pauses", why = "restarts and nights interrupt a timer now and then" }
params.min_account_share = { default = 0.8, unit = "share of the members with enough pauses", why = "the explanation has to hold for nearly everybody" }
references = ["uptime probes, heartbeats and drift monitors of one product at many customers"]
version = 2
---*/
with pauses as (
    select
        candidate_id,
        account_id,
        epoch_us(started_at) - lag(epoch_us(started_at)) over (partition by candidate_id, account_id order by started_at, record_id) as pause_us
    from candidate_features
),
intervals as (
    select candidate_id, account_id, median(pause_us) as interval_us, count(*) as n_pauses
    from pauses
    where pause_us is not null
    group by candidate_id, account_id
    having count(*) >= $min_pauses
),
accounts as (
    select
        p.candidate_id,
        p.account_id,
        count(*) filter (where abs(p.pause_us - i.interval_us) <= greatest($tolerance * i.interval_us, least($min_tolerance_us, 0.25 * i.interval_us))) / count(*) as fixed_share
    from pauses as p
    join intervals as i on i.candidate_id = p.candidate_id and i.account_id = p.account_id
    where p.pause_us is not null
    group by p.candidate_id, p.account_id
),
shares as (
    select candidate_id, count(*) as n_judged, count(*) filter (where fixed_share >= $min_fixed_share) / count(*) as timer_share
    from accounts
    group by candidate_id
),
sizes as (
    select candidate_id, count(*) as n_exchanges from candidate_features group by candidate_id
),
members as (
    select candidate_id, count(*) as n_accounts from candidate_members group by candidate_id
),
judged as (
    select
        m.candidate_id,
        m.n_accounts,
        coalesce(z.n_exchanges, 0) as n_exchanges,
        coalesce(s.n_judged, 0) as n_judged,
        coalesce(s.timer_share, 0) as timer_share,
        coalesce(s.timer_share >= $min_account_share and s.n_judged >= 0.5 * m.n_accounts, false) as is_explained
    from members as m
    left join sizes as z on z.candidate_id = m.candidate_id
    left join shares as s on s.candidate_id = m.candidate_id
)
select
    candidate_id,
    case when is_explained then 'applies' else 'rebutted' end as verdict,
    round(timer_share, 6) as value,
    $min_account_share::double as baseline,
    n_exchanges,
    n_accounts,
    concat(
        case
            when is_explained then 'The group is consistent with programs that each call on a timer: '
            else 'The accounts do not call on timers of their own: '
        end,
        format('{} of {} accounts have enough pauses to tell, and {:.1f} % of these keep one interval', n_judged, n_accounts, 100 * timer_share),
        '.') as statement
from judged
order by candidate_id
