/*---
id = "coordination.baton_pass"
code = "K3"
title = "One account of a group stops where another begins"
status = "experimental"
level = "high"
description = "Looks for a group that is served by one account at a time, for a stretch, and by the next account within two minutes. Pool software with sticky sessions keyed by the system prompt leaves this trace: all calls stay on one account until it is limited, then all move on."
entity = "group"
sees = "$min_accounts accounts and $min_changes hand-overs in one template, where a share of $min_share of the exchanges stands in stretches of at least 5 that another account follows within $max_gap_s seconds."
volume = "$min_accounts accounts with at least 5 exchanges each in the group"
reads = ["group_accounts", "group_exchanges"]
needs = ["account_id", "started_at"]
requires_order = true
requires_complete = true
partition = "group"
params.min_accounts = "group_accounts"
params.min_changes = { default = 20, unit = "changes of account", why = "so that a share of them means something" }
params.max_gap_s = { default = 120, unit = "seconds", why = "a program notices a limit error with its next call; people who happen to come one after the other leave longer gaps" }
params.min_share = { default = 0.4, unit = "share of the group's exchanges", why = "half of the stretches may end in a pause of the operator and a fifth of the exchanges may be broken up by calls in flight" }
params.min_lift = { default = 3, unit = "ratio to the expectation", why = "where stretches begin so often that one follows another by chance, nothing is shown" }
params.max_exchanges = "ordered_exchanges"
params.max_exchanges_per_account = "ordered_exchanges_per_account"
output.share_in_stretches = { unit = "share of the exchanges looked at", meaning = "exchanges in stretches of one account of at least 5; shorter ones arise by chance where a few accounts are active at once" }
output.n_changes = { unit = "changes of account", meaning = "consecutive stretches of different accounts" }
output.n_relieved = { unit = "changes of account", meaning = "those with a gap of at most the permitted seconds" }
output.median_stretch = { unit = "exchanges", meaning = "median length of a stretch" }
output.median_gap_s = { unit = "seconds", meaning = "median gap of the changes" }
output.coverage = { unit = "share of the time from first to last exchange", meaning = "time inside of stretches and of gaps up to the permitted seconds" }
output.share_after_limit = { unit = "share of relieved changes", meaning = "stretch before the change ends with a limit error or another error; NULL if the log has no status" }
value = { unit = "share of the group's exchanges", meaning = "exchanges in a stretch of one account that another account relieves within the permitted gap" }
falsepositives = ["a shift of workers who share one seat and one tool", "a test run that goes through a list of keys one after the other", "a company's client that moves to the next of its own keys at a limit"]
limitations = ["several streams at once on one template, each sticky to another account, overlap and are not seen", "clusters mix in the other traffic of the accounts; templates are the better groups here", "a sampled log has lost the neighbours; it is recognised by conversations of several turns alone"]
references = ["Published relay software keys sticky sessions by a hash of the system text with a life of one hour (session helper of two account-pool relays, 2025 and 2026)", "NSA, CISA, FBI, joint advisory AA26-251A, 8 September 2026: automated failover between pathways"]
tags = ["atlas.AML.T0024.002", "atlas.AML.T0008.005"]
author = "distilforensics"
date = "2026-11-23"
modified = "2026-11-23"
version = 1
---*/
with groups_judged as (
    select group_id, count(*) as n_accounts
    from group_accounts
    group by group_id
    having count(*) filter (where n_exchanges >= 5) >= $min_accounts
),
-- The busiest days up to a number of exchanges: hand-overs show on any of them, and the cost stays bounded.
group_days as (
    select g.group_id, e.started_at::date as day, count(*) as n, min(g.n_accounts) as n_accounts
    from group_exchanges as e
    join groups_judged as g on g.group_id = e.group_id
    group by g.group_id, e.started_at::date
),
used_days as (
    select group_id, day, n, n_accounts
    from group_days
    qualify coalesce(sum(n) over (partition by group_id order by n desc, day rows between unbounded preceding and 1 preceding), 0)
        < greatest($max_exchanges, $max_exchanges_per_account * n_accounts)
),
-- One row per beginning and end of a stretch of five or more: the rows at which the fifth exchange in a row is reached, and the last ones.
-- Interleaved groups, however large, leave next to nothing to be kept.
neighbours as (
    select
        e.group_id,
        e.account_id,
        e.started_at,
        e.status in ('limited', 'error', 'blocked') as is_failed,
        row_number() over turn as position,
        lag(e.started_at, 4) over turn as fifth_started_at,
        e.account_id = lag(e.account_id, 1) over turn
        and e.account_id = lag(e.account_id, 2) over turn
        and e.account_id = lag(e.account_id, 3) over turn
        and e.account_id = lag(e.account_id, 4) over turn as is_in_stretch,
        e.account_id is distinct from lag(e.account_id, 5) over turn as is_fifth,
        e.account_id is distinct from lead(e.account_id, 1) over turn as is_last
    from group_exchanges as e
    join used_days as d on d.group_id = e.group_id and d.day = e.started_at::date
    window turn as (partition by e.group_id order by e.started_at, e.record_id)
),
beginnings as (
    select group_id, account_id, position - 4 as position, fifth_started_at as begins_at,
        row_number() over (partition by group_id order by position) as stretch
    from neighbours
    where is_in_stretch and is_fifth
),
ends as (
    select group_id, position, started_at as ends_at, is_failed as is_failed_at_end,
        row_number() over (partition by group_id order by position) as stretch
    from neighbours
    where is_in_stretch and is_last
),
stretches as (
    select
        b.group_id,
        b.stretch,
        b.account_id,
        e.position - b.position + 1 as n,
        b.begins_at,
        e.ends_at,
        e.is_failed_at_end,
        lead(b.account_id) over next as next_account,
        epoch(lead(b.begins_at) over next) - epoch(e.ends_at) as gap_s
    from beginnings as b
    join ends as e on e.group_id = b.group_id and e.stretch = b.stretch
    window next as (partition by b.group_id order by b.stretch)
),
group_spans as (
    select e.group_id, min(d.n_accounts) as n_accounts, count(*) as n, epoch(max(e.started_at)) - epoch(min(e.started_at)) as span_s
    from group_exchanges as e
    join used_days as d on d.group_id = e.group_id and d.day = e.started_at::date
    group by e.group_id
),
measured as (
    select
        s.group_id,
        count(*) as n_stretches,
        sum(s.n)::bigint as n_in_stretches,
        median(s.n) as median_stretch,
        count(*) filter (where s.next_account <> s.account_id) as n_changes,
        count(*) filter (where s.next_account <> s.account_id and s.gap_s <= $max_gap_s) as n_relieved,
        count(distinct s.account_id) filter (where s.next_account <> s.account_id and s.gap_s <= $max_gap_s) as n_accounts_relieved,
        sum(s.n) filter (where s.next_account <> s.account_id and s.gap_s <= $max_gap_s)::bigint as n_in_relieved,
        median(s.gap_s) filter (where s.next_account <> s.account_id) as median_gap_s,
        sum(epoch(s.ends_at) - epoch(s.begins_at) + case when s.gap_s <= $max_gap_s then s.gap_s else 0 end order by s.stretch) as covered_s,
        count(*) filter (where s.next_account <> s.account_id and s.gap_s <= $max_gap_s and s.is_failed_at_end)
            / nullif(count(s.is_failed_at_end) filter (where s.next_account <> s.account_id and s.gap_s <= $max_gap_s), 0) as share_after_limit
    from stretches as s
    group by s.group_id
),
-- If stretches began independently at their mean rate, a gap would be below g seconds with probability 1 - exp(-rate g).
judged as (
    select
        g.group_id,
        g.n_accounts,
        g.n,
        m.median_stretch,
        coalesce(m.n_changes, 0) as n_changes,
        coalesce(m.n_relieved, 0) as n_relieved,
        coalesce(m.n_accounts_relieved, 0) as n_accounts_relieved,
        m.median_gap_s,
        case when m.covered_s is not null then least(m.covered_s / nullif(g.span_s, 0), 1) end as coverage,
        m.share_after_limit,
        coalesce(m.n_in_stretches, 0) / nullif(g.n, 0) as share_in_stretches,
        coalesce(m.n_in_relieved, 0) / nullif(g.n, 0) as share_relieved,
        coalesce(m.n_in_stretches / nullif(g.n, 0) * (1 - exp(-m.n_stretches / nullif(g.span_s, 0) * $max_gap_s)), 0) as share_expected
    from group_spans as g
    left join measured as m on m.group_id = g.group_id
)
select
    group_id as entity_id,
    round(share_relieved, 6) >= round(greatest($min_share, $min_lift * share_expected), 6)
    and n_changes >= $min_changes
    and n_accounts_relieved >= $min_accounts as is_fired,
    round(share_relieved, 6) as value,
    round(share_expected, 6) as baseline,
    round(greatest($min_share, $min_lift * share_expected), 6) as threshold,
    n as n_exchanges,
    n_accounts,
    round(share_in_stretches, 6) as share_in_stretches,
    n_changes,
    n_relieved,
    median_stretch,
    round(median_gap_s, 3) as median_gap_s,
    round(coverage, 6) as coverage,
    round(share_after_limit, 6) as share_after_limit
from judged
order by entity_id
