/*---
id = "infrastructure.no_ramp"
code = "I3"
title = "New accounts of a group work at full volume from their first day"
status = "experimental"
level = "medium"
description = "Compares the exchanges of a new account in the 24 hours after its first one with the 95th percentile of its own later days. People try a service before they use it; an account that is added to a pool gets its full share at once."
entity = "group"
sees = "$min_accounts new accounts in one group, each active on $min_active_days days, of which a share of $min_share reaches $full_share of its own full day within 24 hours."
volume = "$min_accounts new accounts in the group with $min_active_days active days and $min_full_day exchanges on a full day"
reads = ["account_days", "account_profiles", "exchange_features", "group_accounts"]
needs = ["account_id", "started_at"]
params.min_accounts = { default = 10, unit = "new accounts in the group", why = "a share of fewer is too coarse; most accounts of a log are not new, so fewer than elsewhere are asked for" }
params.min_others = { default = 20, unit = "new accounts outside of the group", why = "below it the comparison is left out and stays NULL" }
params.settle_days = { default = 3, unit = "days from the start of the log", why = "without a sign-up time, an account first seen in these days may be an old one" }
params.min_active_days = { default = 5, unit = "days with exchanges", why = "an account of one or two days has no later days to compare with" }
params.min_full_day = { default = 10, unit = "exchanges", why = "on a full day; with fewer, one exchange more or less decides" }
params.full_share = { default = 0.8, unit = "share of the account's own 95th percentile of daily exchanges", why = "the figure of the public indicator is 'immediately at maximum usage'; a fifth is left for chance" }
params.min_share = "half"
params.min_excess = "excess"
output.n_no_ramp = { unit = "new accounts", meaning = "new accounts of the group that reach the full share within 24 hours" }
output.median_first_day_share = { unit = "share of the account's own 95th percentile", meaning = "median over the new accounts of the group" }
output.n_others = { unit = "new accounts", meaning = "new accounts outside of the group that the baseline rests on" }
value = { unit = "share of the group's new accounts", meaning = "accounts that reach the full share of their own full day within 24 hours of their first exchange" }
falsepositives = ["a running service that moves to new accounts or keys", "timers that make the same number of calls every day", "a course whose first lesson is like every other"]
limitations = ["accounts that live less than five days are not judged", "a pool that warms its accounts up is not seen", "accounts made long before they are first used count as new only if the log has no sign-up time"]
references = ["NSA, CISA, FBI, joint advisory AA26-251A, 8 September 2026: new subscriptions immediately at maximum usage"]
tags = ["atlas.AML.T0021", "atlas.AML.T0012"]
author = "distilforensics"
date = "2026-11-23"
modified = "2026-11-23"
version = 1
---*/
with log_span as (
    select min(first_seen) as begins_at from account_profiles
),
full_days as (
    select account_id, quantile_disc(n_exchanges, 0.95) as full_day
    from account_days
    group by account_id
),
-- New: signed up inside of the log, or, where the sign-up is unknown, first seen well after its start.
new_accounts as (
    select p.account_id, p.first_seen, d.full_day
    from account_profiles as p
    join full_days as d on d.account_id = p.account_id
    cross join log_span as s
    where p.n_active_days >= $min_active_days
        and d.full_day >= $min_full_day
        and (
            p.created_at >= s.begins_at
            or (p.created_at is null and p.first_seen >= s.begins_at + to_days($settle_days)))
),
first_days as (
    select n.account_id, count(*) as n_exchanges, count(*) / nullif(min(n.full_day), 0) as first_day_share
    from new_accounts as n
    join exchange_features as e on e.account_id = n.account_id and e.started_at < n.first_seen + interval 24 hours
    group by n.account_id
),
log_totals as (
    select count(*) as n, count(*) filter (where first_day_share >= $full_share) as n_no_ramp from first_days
),
per_group as (
    select
        g.group_id,
        count(*) as n_accounts,
        sum(f.n_exchanges)::bigint as n_exchanges,
        count(*) filter (where f.first_day_share >= $full_share) as n_no_ramp,
        median(f.first_day_share) as median_share
    from group_accounts as g
    join first_days as f on f.account_id = g.account_id
    group by g.group_id
    having count(*) >= $min_accounts
),
judged as (
    select
        p.group_id,
        p.n_accounts,
        p.n_exchanges,
        p.n_no_ramp,
        p.median_share,
        p.n_no_ramp / nullif(p.n_accounts, 0) as share,
        t.n - p.n_accounts as n_others,
        case when t.n - p.n_accounts >= $min_others then (t.n_no_ramp - p.n_no_ramp) / nullif(t.n - p.n_accounts, 0) end as share_of_others
    from per_group as p
    cross join log_totals as t
)
select
    group_id as entity_id,
    round(share, 6) >= round(greatest($min_share, coalesce(share_of_others, 0) + $min_excess), 6) as is_fired,
    round(share, 6) as value,
    round(share_of_others, 6) as baseline,
    round(greatest($min_share, coalesce(share_of_others, 0) + $min_excess), 6) as threshold,
    n_exchanges,
    n_accounts,
    n_no_ramp,
    round(median_share, 6) as median_first_day_share,
    n_others
from judged
order by entity_id
