/*---
id = "confounder.scheduled_checks"
title = "Scheduled checks: nightly builds, drift monitors, probes"
question = "Are the same prompts repeated day after day at fixed times?"
priority = 5
reads = ["candidate_members", "candidate_features"]
params.min_repeated_share = { default = 0.8, unit = "share of exchanges", why = "checks ask what they asked the day before; a repeated prompt adds nothing to a collection" }
params.min_fixed_share = { default = 0.8, unit = "share of exchanges in the three busiest consecutive hours of the day, or the ten busiest consecutive minutes of the hour", why = "schedules fix the time of the day or of the hour" }
params.min_days = { default = 3, unit = "active days", why = "a schedule shows by repetition" }
references = ["nightly evaluation suites, drift monitors and uptime probes"]
version = 1
---*/
with prompts as (
    select candidate_id, prompt_hash, count(*) as n, count(distinct started_at::date) as n_days
    from candidate_features
    where prompt_hash is not null
    group by candidate_id, prompt_hash
),
repeated as (
    select candidate_id, coalesce(sum(n) filter (where n_days >= 2), 0) / sum(n) as repeated_share from prompts group by candidate_id
),
clock as (
    select candidate_id, 'hour' as unit, hour(started_at) as slot, 24 as n_slots, 3 as width, count(*) as n from candidate_features group by candidate_id, hour(started_at)
    union all
    select candidate_id, 'minute', minute(started_at), 60, 10, count(*) from candidate_features group by candidate_id, minute(started_at)
),
windows as (
    select a.candidate_id, a.unit, a.slot, sum(b.n) as n
    from clock as a
    join clock as b on b.candidate_id = a.candidate_id and b.unit = a.unit and (b.slot - a.slot + a.n_slots) % a.n_slots < a.width
    group by a.candidate_id, a.unit, a.slot
),
totals as (
    select candidate_id, count(*) as n_exchanges, count(distinct started_at::date) as n_days from candidate_features group by candidate_id
),
fixed as (
    select w.candidate_id, max(w.n) / min(t.n_exchanges) as fixed_share
    from windows as w
    join totals as t on t.candidate_id = w.candidate_id
    group by w.candidate_id
),
members as (
    select candidate_id, count(*) as n_accounts from candidate_members group by candidate_id
),
judged as (
    select
        m.candidate_id,
        m.n_accounts,
        coalesce(t.n_exchanges, 0) as n_exchanges,
        t.n_days,
        r.repeated_share,
        f.fixed_share,
        r.repeated_share >= $min_repeated_share and f.fixed_share >= $min_fixed_share and t.n_days >= $min_days as is_explained
    from members as m
    left join totals as t on t.candidate_id = m.candidate_id
    left join repeated as r on r.candidate_id = m.candidate_id
    left join fixed as f on f.candidate_id = m.candidate_id
)
select
    candidate_id,
    case when is_explained then 'applies' when not is_explained then 'rebutted' else 'not_checkable' end as verdict,
    round(repeated_share, 6) as value,
    $min_repeated_share::double as baseline,
    n_exchanges,
    n_accounts,
    concat(
        case
            when is_explained then 'The group is consistent with checks on a schedule: '
            when not is_explained then 'The group is not made of checks on a schedule: '
            else 'Whether the group is made of checks on a schedule cannot be settled: '
        end,
        array_to_string(
            [
                coalesce(format('{:.1f} % of its prompts recur on another day', 100 * repeated_share), case when is_explained is null then 'prompts are not known' end),
                coalesce(format('{:.1f} % of its requests fall to a fixed time of the day or hour', 100 * fixed_share), case when is_explained is null then 'times are not known' end),
                coalesce(format('it is active on {} days', n_days), case when is_explained is null then 'days are not known' end)
            ], ', '),
        '.') as statement
from judged
order by candidate_id
