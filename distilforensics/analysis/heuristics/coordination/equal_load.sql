/*---
id = "coordination.equal_load"
code = "K2"
title = "The accounts of a group carry nearly equal loads"
status = "experimental"
level = "high"
description = "Counts exchanges, and separately conversations, per account and period (day; week or whole window where days are too thin) inside one group and compares their spread with what chance alone gives accounts of one common rate. Independent customers differ in rate by an order of magnitude; accounts behind a scheduler do not."
entity = "group"
sees = "$min_accounts accounts with a mean of $min_mean_load exchanges of one template per account and day, or week, or in the whole log, whose rates differ by a coefficient of variation below $max_rate_spread."
volume = "$min_accounts accounts with a mean load of $min_mean_load exchanges or conversations per account and day, or week, or in the whole log; the share $min_kept of the account periods not far below their median"
reads = ["group_conversations", "group_exchanges", "groups"]
needs = ["account_id", "started_at"]
requires_order = false
partition = "group"
params.min_accounts = "group_accounts"
params.min_mean_load = { default = 5, unit = "exchanges per account and period", why = "below it zero truncation alone makes any population look equal: at a mean of 1.5 the dispersion of chance is 0.37, at 5 it is 0.97" }
params.max_rate_spread = "rate_spread"
params.trim_share = { default = 0.25, unit = "share of the period's median", why = "account periods below it are sign-up days, bans and outages, not choices of a scheduler" }
params.min_kept = "most"
params.min_period_accounts = "smallest_set"
params.min_turns = "conversation_turns"
params.min_clock_days = "days"
params.max_clock_spread_s = "clock_spread_s"
output.mean_load = { unit = "exchanges or conversations per account and period", meaning = "mean over the account periods that were kept" }
output.rate_spread = { unit = "coefficient of variation", meaning = "spread of the accounts' rates that is left when chance is taken off; 0 if the loads are more equal than chance" }
output.gini = { unit = "0 to 1", meaning = "Gini coefficient of the accounts' mean loads; 0 = all equal" }
output.load_unit = { unit = "exchanges or conversations", meaning = "what was counted: the one of the two that is nearer to its threshold" }
output.period = { unit = "day, week or window", meaning = "shortest period with enough load" }
output.n_account_periods = { unit = "account periods", meaning = "counts that the dispersion rests on" }
output.share_trimmed = { unit = "share of account periods", meaning = "left out because they are below the trim share of their period's median" }
output.share_clock_driven = { unit = "share of the group's exchanges", meaning = "left out because their account always comes at the same time of day" }
value = { unit = "variance / mean", meaning = "index of dispersion of the loads, pooled over periods with the weights accounts - 1; low values fire" }
falsepositives = ["a class or course in which every student does the same number of exercises", "runners of one company's test or evaluation suite with one account each", "a daily or hourly quota that every account uses up", "load tests with a fixed rate per key"]
limitations = ["a pool that gives its accounts deliberately different loads is not seen; it pays with throughput", "low counts (below 10 per account in the whole log, or 2 where there are a hundred accounts) cannot be judged at all", "accounts that live shorter than three periods enter with their partial days", "if honest users share the template in number, the group is a mixture and the pool in it is not seen; the clusters of linkage separate them"]
references = ["Anthropic, Detecting and preventing distillation attacks, 23 February 2026", "R. A. Fisher, The significance of deviations from expectation in a Poisson series, Biometrics 6 (1950), the index of dispersion"]
tags = ["atlas.AML.T0024.002", "atlas.AML.T0008.005"]
author = "distilforensics"
date = "2026-11-23"
modified = "2026-11-30"
version = 4
---*/
with large_groups as (
    select group_id
    from groups
    where n_accounts >= $min_accounts
        and n_exchanges >= $min_mean_load * n_accounts
),
starts as (
    select group_id, account_id, started_at from group_conversations semi join large_groups using (group_id)
),
conversation_groups as (
    select s.group_id
    from (select group_id, count(*) as n from starts group by group_id) as s
    join groups as g on g.group_id = s.group_id
    where g.n_exchanges >= $min_turns * s.n
),
units as (
    select group_id, account_id, started_at, 'exchanges' as load_unit
    from group_exchanges
    semi join large_groups using (group_id)
    union all
    select group_id, account_id, started_at, 'conversations'
    from starts
    semi join conversation_groups using (group_id)
),
-- Seconds of the day counted from midnight and from noon, so that a timer at midnight is seen as well.
account_days_in_group as (
    select
        group_id,
        load_unit,
        account_id,
        started_at::date as day,
        count(*) as n,
        sum(epoch_us(started_at) // 1000000 % 86400)::bigint as s1,
        sum((epoch_us(started_at) // 1000000 % 86400) * (epoch_us(started_at) // 1000000 % 86400))::bigint as s2,
        sum((epoch_us(started_at) // 1000000 + 43200) % 86400)::bigint as noon_s1,
        sum(((epoch_us(started_at) // 1000000 + 43200) % 86400) * ((epoch_us(started_at) // 1000000 + 43200) % 86400))::bigint as noon_s2
    from units
    group by group_id, load_unit, account_id, started_at::date
),
accounts_in_group as (
    select
        group_id,
        load_unit,
        account_id,
        sum(n)::bigint as n,
        count(*) as n_days,
        count(*) >= $min_clock_days and sqrt(least(
            sum(s2) / nullif(sum(n), 0) - (sum(s1) / nullif(sum(n), 0)) ** 2,
            sum(noon_s2) / nullif(sum(n), 0) - (sum(noon_s1) / nullif(sum(n), 0)) ** 2)) <= $max_clock_spread_s as is_clock_driven
    from account_days_in_group
    group by group_id, load_unit, account_id
),
-- The shortest period in which an account has enough to do on average.
account_weeks as (
    select group_id, load_unit, count(*) as n
    from (
        select d.group_id, d.load_unit, d.account_id, date_trunc('week', d.day) as week
        from account_days_in_group as d
        join accounts_in_group as a on a.group_id = d.group_id and a.load_unit = d.load_unit and a.account_id = d.account_id
        where not a.is_clock_driven
        group by 1, 2, 3, 4
    )
    group by group_id, load_unit
),
load_totals as (
    select
        group_id,
        load_unit,
        coalesce(sum(n) filter (where is_clock_driven), 0) / nullif(sum(n), 0) as share_clock_driven,
        sum(n) filter (where not is_clock_driven)::bigint as n,
        sum(n_days) filter (where not is_clock_driven)::bigint as n_days,
        count(*) filter (where not is_clock_driven) as n_accounts
    from accounts_in_group
    group by group_id, load_unit
    having count(*) filter (where not is_clock_driven) >= $min_accounts
),
periods as (
    select
        t.group_id,
        t.load_unit,
        t.share_clock_driven,
        case
            when t.n >= $min_mean_load * t.n_days then 'day'
            when t.n >= $min_mean_load * w.n then 'week'
            when t.n >= $min_mean_load * t.n_accounts then 'window'
        end as period
    from load_totals as t
    join account_weeks as w on w.group_id = t.group_id and w.load_unit = t.load_unit
),
period_loads as (
    select
        d.group_id,
        d.load_unit,
        p.period,
        case p.period when 'day' then d.day when 'week' then date_trunc('week', d.day)::date else date '1970-01-01' end as starts_on,
        d.account_id,
        sum(d.n)::bigint as n
    from account_days_in_group as d
    join periods as p on p.group_id = d.group_id and p.load_unit = d.load_unit and p.period is not null
    join accounts_in_group as a on a.group_id = d.group_id and a.load_unit = d.load_unit and a.account_id = d.account_id
    where not a.is_clock_driven
    group by 1, 2, 3, 4, 5
),
-- The first and last period of an account are partial by nature; they are left out where something remains.
whole_loads as (
    select group_id, load_unit, period, starts_on, account_id, n
    from period_loads
    window life as (partition by group_id, load_unit, account_id)
    qualify count(*) over life < 3
        or (starts_on > min(starts_on) over life and starts_on < max(starts_on) over life)
),
period_medians as (
    select group_id, load_unit, starts_on, median(n) as median_load
    from whole_loads
    group by group_id, load_unit, starts_on
    having count(*) >= $min_period_accounts
),
marked as (
    select w.group_id, w.load_unit, w.period, w.starts_on, w.account_id, w.n, w.n < $trim_share * m.median_load as is_trimmed
    from whole_loads as w
    join period_medians as m
        on m.group_id = w.group_id and m.load_unit = w.load_unit and m.starts_on = w.starts_on
),
per_period as (
    select
        group_id,
        load_unit,
        period,
        starts_on,
        count(*) as n_marked,
        count(*) filter (where not is_trimmed) as n_kept,
        sum(n) filter (where not is_trimmed)::bigint as total,
        sum(n * n) filter (where not is_trimmed)::bigint as total_of_squares
    from marked
    group by group_id, load_unit, period, starts_on
),
pooled as (
    select
        group_id,
        load_unit,
        period,
        sum(n_kept)::bigint as n_account_periods,
        1 - sum(n_kept) / nullif(sum(n_marked), 0) as share_trimmed,
        sum(total)::bigint as total,
        sum(total) / nullif(sum(n_kept), 0) as mean_load,
        sum(n_kept * total_of_squares / nullif(total, 0) - total order by starts_on) / nullif(sum(n_kept - 1), 0) as dispersion
    from per_period
    group by group_id, load_unit, period
),
account_means as (
    select group_id, load_unit, account_id, sum(n) / nullif(count(*), 0) as mean_load
    from marked
    where not is_trimmed
    group by group_id, load_unit, account_id
),
ranked_means as (
    select
        group_id,
        load_unit,
        mean_load,
        row_number() over (partition by group_id, load_unit order by mean_load, account_id) as position,
        count(*) over (partition by group_id, load_unit) as n_accounts
    from account_means
),
ginis as (
    select
        group_id,
        load_unit,
        min(n_accounts) as n_accounts,
        sum((2 * position - n_accounts - 1) * mean_load order by position)
            / nullif(min(n_accounts) * sum(mean_load order by position), 0) as gini
    from ranked_means
    group by group_id, load_unit
),
-- Zero-truncated Poisson with mean m: rate = m (1 - exp(-rate)), dispersion = 1 + rate - m. Twenty steps of the fixed point are exact to 7 digits from m = 2 on.
expected as (
    select
        p.group_id,
        p.load_unit,
        p.period,
        p.n_account_periods,
        p.share_trimmed,
        p.total,
        p.mean_load,
        p.dispersion,
        g.n_accounts,
        g.gini,
        c.share_clock_driven,
        1 - p.mean_load + list_reduce(
            list_transform(range(21), lambda step: p.mean_load), lambda rate, mean: mean * (1 - exp(-rate))) as dispersion_expected
    from pooled as p
    join ginis as g on g.group_id = p.group_id and g.load_unit = p.load_unit
    join periods as c on c.group_id = p.group_id and c.load_unit = p.load_unit
    where g.n_accounts >= $min_accounts
        and p.mean_load >= $min_mean_load
        and 1 - p.share_trimmed >= $min_kept
),
with_threshold as (
    select
        group_id,
        load_unit,
        period,
        n_account_periods,
        share_trimmed,
        total,
        mean_load,
        dispersion,
        n_accounts,
        gini,
        share_clock_driven,
        dispersion_expected,
        dispersion_expected + mean_load * $max_rate_spread ** 2 as threshold
    from expected
),
chosen as (
    select
        group_id,
        load_unit,
        period,
        n_account_periods,
        share_trimmed,
        total,
        mean_load,
        dispersion,
        n_accounts,
        gini,
        share_clock_driven,
        dispersion_expected,
        threshold
    from with_threshold
    qualify row_number() over (partition by group_id order by dispersion / nullif(threshold, 0), load_unit desc) = 1
)
select
    group_id as entity_id,
    round(dispersion, 6) <= round(threshold, 6) as is_fired,
    round(dispersion, 6) as value,
    round(dispersion_expected, 6) as baseline,
    round(threshold, 6) as threshold,
    total as n_exchanges,
    n_accounts,
    round(mean_load, 6) as mean_load,
    round(sqrt(greatest(0, dispersion - dispersion_expected) / nullif(mean_load, 0)), 6) as rate_spread,
    round(gini, 6) as gini,
    load_unit,
    period,
    n_account_periods,
    round(share_trimmed, 6) as share_trimmed,
    round(share_clock_driven, 6) as share_clock_driven
from chosen
order by entity_id
