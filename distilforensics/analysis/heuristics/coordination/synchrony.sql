/*---
id = "coordination.synchrony"
code = "K6"
title = "The accounts of a group are active in the same quarter hours"
status = "experimental"
level = "medium"
description = "Counts pairs of accounts that are active in the same 15 minutes. Compares them with the same pairs when one of the two is looked at 1 to 7 days later. The comparison keeps everybody's time of day, weekday and slow rise or fall of interest, and removes only what ties accounts together on the very day."
entity = "group"
sees = "$min_accounts accounts on $min_account_days days each that come in common bursts at changing times, so that $min_ratio times as many pairs meet as on any other day."
volume = "$min_accounts accounts on at least $min_account_days days each, as many more than $max_lag_days days from first to last, and $min_pairs pairs of accounts in the same slot"
reads = ["group_accounts", "group_exchanges"]
needs = ["account_id", "started_at"]
requires_order = false
partition = "group"
params.min_accounts = "group_accounts"
params.min_account_days = "days"
params.min_pairs = { default = 500, unit = "pairs of accounts in one slot", why = "keeps the chance error of the ratio near 0.15 even if activity comes in blocks of two hours" }
params.slot_s = { default = 900, unit = "seconds", why = "short against the two-hour runs of a batch and long against the pause between two calls of one account; has to divide a day" }
params.max_lag_days = "week"
params.min_share = "half"
params.max_accounts = "sampled_accounts"
params.min_ratio = { default = 2, unit = "ratio to the highest of the shifted counts", why = "weekly rhythm, decaying interest and chance in small groups reach 1.3, at times 1.7, against the highest shift; bursts that a whole pool shares reach 4" }
output.pairs_per_day = { unit = "pairs of accounts in the same slot per day", meaning = "observed, without the day that has most" }
output.pairs_per_day_shifted = { unit = "pairs of accounts in the same slot per day", meaning = "highest over the shifts by 1 to 7 days" }
output.lag_of_highest = { unit = "days", meaning = "shift with the highest count" }
output.share_synchronous = { unit = "share of the accounts used", meaning = "accounts whose own meetings are min_ratio times as many as when shifted by the lag with the highest count" }
output.n_eligible_accounts = { unit = "accounts", meaning = "accounts with enough exchanges, before the cap" }
output.share_with_common_onset = { unit = "share of the accounts used", meaning = "largest number of accounts whose first exchange in the group falls in the same hour" }
output.share_with_common_offset = { unit = "share of the accounts used", meaning = "likewise for the last exchange" }
value = { unit = "ratio", meaning = "pairs of accounts in the same slot per day, divided by the highest count among shifts of one account by 1 to 7 days; 1 = accounts that do not know of each other" }
falsepositives = ["groups that work at common but irregular hours, such as a course with changing dates or a weekend hackathon series", "a product that triggers calls of all its users at changing times, such as notices on news or markets", "repeated outages of a service that all the accounts depend on"]
limitations = ["a steady pool, day and night, has nothing in common bursts and is not seen; coordination.equal_load sees it", "runs at the same hour every day cannot be told from a habit and do not count", "needs 10 days of log"]
references = ["Anthropic, Detecting and preventing distillation attacks, 23 February 2026: synchronized traffic across accounts", "Q. Cao et al., Uncovering large groups of active malicious accounts in online social networks (SynchroTrap), CCS 2014", "D. H. Perkel, G. L. Gerstein, G. P. Moore, Neuronal spike trains and stochastic point processes II, Biophysical Journal 7 (1967): the shift predictor of a cross-correlogram"]
tags = ["atlas.AML.T0024.002", "atlas.AML.T0008.005"]
author = "distilforensics"
date = "2026-11-23"
modified = "2026-11-30"
version = 3
---*/
with candidates as (
    select group_id, account_id, count(*) over (partition by group_id) as n_eligible
    from group_accounts
    where n_exchanges >= $min_account_days
    qualify count(*) over (partition by group_id) >= $min_accounts
        and row_number() over (partition by group_id order by md5(account_id), account_id) <= $max_accounts
),
used_exchanges as (
    select e.group_id, e.account_id, e.started_at, c.n_eligible
    from group_exchanges as e
    join candidates as c on c.group_id = e.group_id and c.account_id = e.account_id
),
used_accounts as (
    select group_id, account_id, count(*) as n, min(started_at) as first_at, max(started_at) as last_at, min(n_eligible) as n_eligible
    from used_exchanges
    group by group_id, account_id
    having count(distinct started_at::date) >= $min_account_days
),
used_groups as (
    select
        group_id,
        count(*) as n_accounts,
        sum(n)::bigint as n_exchanges,
        min(n_eligible) as n_eligible,
        epoch_us(min(first_at)) // 86400000000 as first_day,
        epoch_us(max(last_at)) // 86400000000 as last_day
    from used_accounts
    group by group_id
    having count(*) >= $min_accounts and epoch_us(max(last_at)) // 86400000000 - epoch_us(min(first_at)) // 86400000000 >= $max_lag_days + $min_account_days - 1
),
onsets as (
    select group_id, max(n) as n_common
    from (select group_id, date_trunc('hour', first_at) as hour, count(*) as n from used_accounts group by 1, 2)
    group by group_id
),
offsets as (
    select group_id, max(n) as n_common
    from (select group_id, date_trunc('hour', last_at) as hour, count(*) as n from used_accounts group by 1, 2)
    group by group_id
),
all_activity as (
    select distinct e.group_id, e.account_id, epoch_us(e.started_at) // 1000000 // $slot_s as slot, epoch_us(e.started_at) // 86400000000 as day
    from used_exchanges as e
    semi join used_accounts as a on a.group_id = e.group_id and a.account_id = e.account_id
    semi join used_groups as g on g.group_id = e.group_id
),
all_slots as (
    select group_id, slot, min(day) as day, count(*) as n
    from all_activity
    group by group_id, slot
),
-- The day with most pairs is left out everywhere, so that one common occasion is not enough.
busiest_days as (
    select group_id, day
    from all_slots
    group by group_id, day
    qualify row_number() over (partition by group_id order by sum(n * (n - 1)) desc, day) = 1
),
activity as (
    select group_id, account_id, slot
    from all_activity
    anti join busiest_days using (group_id, day)
),
slots as (
    select group_id, slot, n
    from all_slots
    anti join busiest_days using (group_id, day)
),
observed as (
    select group_id, sum(n * (n - 1))::bigint // 2 as n_pairs
    from slots
    group by group_id
),
lags as (
    select unnest(range(1, $max_lag_days + 1)) as lag_days
),
-- One copy of the slots and of the accounts' activity per shift; the unnest keeps the joins plain equalities of columns.
shifted_slots as (
    select group_id, slot, n, unnest(range(1, $max_lag_days + 1)) as lag_days
    from slots
),
shifted_activity as (
    select group_id, account_id, slot, unnest(range(1, $max_lag_days + 1)) as lag_days
    from activity
),
met_when_shifted as (
    select s.group_id, s.lag_days, sum(s.n * t.n)::bigint as n
    from (select group_id, slot + lag_days * (86400 // $slot_s) as slot, n, lag_days from shifted_slots) as s
    join slots as t on t.group_id = s.group_id and t.slot = s.slot
    group by s.group_id, s.lag_days
),
met_themselves as (
    select a.group_id, a.lag_days, count(*) as n
    from (select group_id, account_id, slot + lag_days * (86400 // $slot_s) as slot, lag_days from shifted_activity) as a
    join activity as b on b.group_id = a.group_id and b.account_id = a.account_id and b.slot = a.slot
    group by a.group_id, a.lag_days
),
-- Days d for which both d and d + lag lie in the span of the group and neither is the day left out.
day_pairs as (
    select
        g.group_id,
        l.lag_days,
        g.last_day - g.first_day + 1 - l.lag_days
        - (b.day - l.lag_days >= g.first_day)::bigint - (b.day + l.lag_days <= g.last_day)::bigint as n_day_pairs
    from used_groups as g
    join busiest_days as b on b.group_id = g.group_id
    cross join lags as l
),
shifted as (
    select
        d.group_id,
        d.lag_days,
        d.n_day_pairs,
        (coalesce(m.n, 0) - coalesce(t.n, 0)) / 2 / nullif(d.n_day_pairs, 0) as pairs_per_day
    from day_pairs as d
    left join met_when_shifted as m on m.group_id = d.group_id and m.lag_days = d.lag_days
    left join met_themselves as t on t.group_id = d.group_id and t.lag_days = d.lag_days
    where d.n_day_pairs >= 1
),
highest as (
    select group_id, lag_days, n_day_pairs, pairs_per_day
    from shifted
    qualify row_number() over (partition by group_id order by pairs_per_day desc, lag_days) = 1
),
-- The same by account, at the shift with the highest count and in both directions: a few accounts of one person may meet all the time.
account_slots as (
    select a.group_id, a.account_id, s.n - 1 as n_met, 0 as n_met_shifted
    from activity as a
    join slots as s on s.group_id = a.group_id and s.slot = a.slot
    union all
    select a.group_id, a.account_id, 0, s.n - case when b.account_id is null then 0 else 1 end
    from (
        select a.group_id, a.account_id, unnest([a.slot - h.lag_days * (86400 // $slot_s), a.slot + h.lag_days * (86400 // $slot_s)]) as slot
        from activity as a
        join highest as h on h.group_id = a.group_id
    ) as a
    join slots as s on s.group_id = a.group_id and s.slot = a.slot
    left join activity as b on b.group_id = a.group_id and b.account_id = a.account_id and b.slot = a.slot
),
account_meetings as (
    select group_id, account_id, sum(n_met)::bigint as n_met, sum(n_met_shifted)::bigint as n_met_shifted
    from account_slots
    group by group_id, account_id
),
synchronous_accounts as (
    select
        m.group_id,
        count(*) filter (
            where m.n_met > 0
                and m.n_met / nullif(g.last_day - g.first_day, 0)
                    >= $min_ratio * m.n_met_shifted / 2 / nullif(h.n_day_pairs, 0)) as n
    from account_meetings as m
    join used_groups as g on g.group_id = m.group_id
    join highest as h on h.group_id = m.group_id
    group by m.group_id
),
judged as (
    select
        g.group_id,
        g.n_accounts,
        coalesce(a.n, 0) / nullif(g.n_accounts, 0) as share_synchronous,
        g.n_exchanges,
        g.n_eligible,
        o.n_pairs / nullif(g.last_day - g.first_day, 0) as pairs_per_day,
        greatest(h.pairs_per_day, 1 / nullif(g.last_day - g.first_day, 0)) as pairs_per_day_shifted,
        h.lag_days,
        onsets.n_common / nullif(g.n_accounts, 0) as share_onset,
        offsets.n_common / nullif(g.n_accounts, 0) as share_offset
    from used_groups as g
    join observed as o on o.group_id = g.group_id
    join highest as h on h.group_id = g.group_id
    left join synchronous_accounts as a on a.group_id = g.group_id
    join onsets on onsets.group_id = g.group_id
    join offsets on offsets.group_id = g.group_id
    where o.n_pairs >= $min_pairs
)
select
    group_id as entity_id,
    round(pairs_per_day / nullif(pairs_per_day_shifted, 0), 6) >= $min_ratio and round(share_synchronous, 6) >= $min_share as is_fired,
    round(pairs_per_day / nullif(pairs_per_day_shifted, 0), 6) as value,
    1.0::double as baseline,
    $min_ratio::double as threshold,
    n_exchanges,
    n_accounts,
    round(pairs_per_day, 6) as pairs_per_day,
    round(pairs_per_day_shifted, 6) as pairs_per_day_shifted,
    lag_days as lag_of_highest,
    round(share_synchronous, 6) as share_synchronous,
    n_eligible as n_eligible_accounts,
    round(share_onset, 6) as share_with_common_onset,
    round(share_offset, 6) as share_with_common_offset
from judged
order by entity_id
