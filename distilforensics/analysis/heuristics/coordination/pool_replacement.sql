/*---
id = "coordination.pool_replacement"
code = "K8"
title = "Accounts that end in a group are followed by new ones"
status = "experimental"
level = "medium"
description = "Looks at accounts that stop using a template for good and at accounts that start using it. Counts pairs in which a start follows an end within hours or a day. A pool replaces accounts that are banned; independent customers come and go at unrelated times."
entity = "group"
sees = "A group in which $min_ends accounts end and $min_starts others begin, $min_ratio times as often within $short_window_h or $long_window_h hours of each other as unrelated times would give."
volume = "$min_ends accounts that end and $min_starts that begin inside of the group's time, $margin_h hours from its edges, each with $min_exchanges exchanges on two days or more"
reads = ["account_profiles", "customers", "group_accounts", "group_exchanges"]
needs = ["account_id", "started_at"]
partition = "group"
params.min_accounts = "group_accounts"
params.min_ends = { default = 5, unit = "accounts that end", why = "fewer pairs are easily chance" }
params.min_starts = { default = 5, unit = "accounts that begin", why = "fewer pairs are easily chance" }
params.min_pairs = { default = 5, unit = "pairs of accounts", why = "two or three pairs within a window are easily chance" }
params.min_exchanges = { default = 10, unit = "exchanges per account", why = "people who try something once begin and end at the same time" }
params.margin_h = { default = 48, unit = "hours", why = "an account that is last seen just before the end of the log has not ended, and one first seen at its beginning has not begun" }
params.short_window_h = { default = 6, unit = "hours", why = "for replacement one by one, which is over within the hour; six hours keep most of the day's course out of the comparison" }
params.long_window_h = { default = 24, unit = "hours", why = "for the replacement of a whole pool; disclosed campaigns had their traffic back within a day or two" }
params.min_ratio = { default = 4, unit = "ratio to unrelated times", why = "the rhythms of day and week together reach 2.5 in the short window" }
params.min_asymmetry = { default = 2, unit = "ratio of starts after an end to starts before it", why = "where many come and go in the same days, as after a launch, starts precede ends as often as they follow" }
output.window_h = { unit = "hours", meaning = "the one of the two windows that is further above its threshold" }
output.n_ends = { unit = "accounts", meaning = "accounts whose last exchange in the group lies before its end" }
output.n_starts = { unit = "accounts", meaning = "accounts whose first exchange in the group lies after its beginning" }
output.n_pairs = { unit = "pairs of accounts", meaning = "start within the window after an end, accounts of different tenants" }
output.n_pairs_expected = { unit = "pairs of accounts", meaning = "expectation for unrelated times: ends times starts times the window's share of the group's time" }
output.ratio_before = { unit = "ratio", meaning = "pairs with the start within the window before the end, divided by the same expectation" }
output.share_replaced = { unit = "share of ends", meaning = "ends with at least one start within the window after them" }
value = { unit = "ratio", meaning = "pairs of an end and a start within the window after it, divided by the expectation for unrelated times; the baseline is the same for all accounts of the log" }
falsepositives = ["a company without tenant in the log that changes its keys or moves its staff to new accounts", "a provider that makes all customers change accounts; the baseline shows it", "courses that follow one another with new participants"]
limitations = ["a pool that changes its template at the same time is a new group; clusters may join both", "replacement within the first and last two days of a group is not seen", "a pool whose accounts are never banned has nothing to replace"]
references = ["Anthropic, Detecting and preventing distillation attacks, 23 February 2026: a banned account is replaced by a new one", "Anthropic, Detecting and countering misuse of AI, September 2026: traffic shifted to a second pool when the first was banned"]
tags = ["atlas.AML.T0021", "atlas.AML.T0008.005"]
author = "distilforensics"
date = "2026-11-23"
modified = "2026-11-30"
version = 2
---*/
with members as (
    select group_id, account_id
    from group_accounts
    where n_exchanges >= $min_exchanges
    qualify count(*) over (partition by group_id) >= $min_accounts
),
-- Group 'log' stands for all accounts of the log: the comparison.
lives as (
    select e.group_id, e.account_id, min(e.started_at) as first_at, max(e.started_at) as last_at, count(*) as n
    from group_exchanges as e
    semi join members as m on m.group_id = e.group_id and m.account_id = e.account_id
    group by e.group_id, e.account_id
    union all
    select 'log', account_id, first_seen, last_seen, n_exchanges
    from account_profiles
    where n_exchanges >= $min_exchanges
),
group_times as (
    select group_id, min(first_at) as begins_at, max(last_at) as ends_at, count(*) as n_accounts, sum(n)::bigint as n_exchanges
    from lives
    group by group_id
),
events as (
    select l.group_id, l.account_id, case when c.reason in ('organisation', 'tenant') then c.named_customer end as tenant, l.first_at as happened_at, true as is_start
    from lives as l
    join group_times as t on t.group_id = l.group_id
    join customers as c on c.account_id = l.account_id
    where l.first_at >= t.begins_at + to_hours($margin_h) and l.first_at::date < l.last_at::date
    union all
    select l.group_id, l.account_id, case when c.reason in ('organisation', 'tenant') then c.named_customer end as tenant, l.last_at, false
    from lives as l
    join group_times as t on t.group_id = l.group_id
    join customers as c on c.account_id = l.account_id
    where l.last_at <= t.ends_at - to_hours($margin_h) and l.first_at::date < l.last_at::date
),
windowed_events as (
    select group_id, account_id, tenant, happened_at, is_start, unnest([$short_window_h, $long_window_h]) as window_h
    from events
),
-- Starts around every event: all of them, less those of the same tenant.
counted as (
    select
        group_id,
        window_h,
        is_start,
        count(*) filter (where is_start) over after_it
        - case when tenant is null then 0 else count(*) filter (where is_start) over after_it_in_tenant end as n_after,
        count(*) filter (where is_start) over before_it
        - case when tenant is null then 0 else count(*) filter (where is_start) over before_it_in_tenant end as n_before
    from windowed_events
    window
        after_it as (
            partition by group_id, window_h order by happened_at range between current row and to_hours(window_h) following),
        after_it_in_tenant as (
            partition by group_id, window_h, tenant order by happened_at range between current row and to_hours(window_h) following),
        before_it as (
            partition by group_id, window_h order by happened_at range between to_hours(window_h) preceding and current row),
        before_it_in_tenant as (
            partition by group_id, window_h, tenant order by happened_at range between to_hours(window_h) preceding and current row)
),
per_group as (
    select
        group_id,
        window_h,
        count(*) filter (where not is_start) as n_ends,
        count(*) filter (where is_start) as n_starts,
        coalesce(sum(n_after) filter (where not is_start), 0)::bigint as n_pairs,
        coalesce(sum(n_before) filter (where not is_start), 0)::bigint as n_pairs_before,
        count(*) filter (where not is_start and n_after > 0) as n_replaced
    from counted
    group by group_id, window_h
),
judged as (
    select
        p.group_id,
        p.window_h,
        t.n_accounts,
        t.n_exchanges,
        p.n_ends,
        p.n_starts,
        p.n_pairs,
        p.n_pairs_before,
        p.n_replaced,
        p.n_ends * p.n_starts * p.window_h * 3600
            / nullif(epoch(t.ends_at) - epoch(t.begins_at) - $margin_h * 3600, 0) as n_expected
    from per_group as p
    join group_times as t on t.group_id = p.group_id
    where p.n_ends >= $min_ends and p.n_starts >= $min_starts
),
ratios as (
    select
        group_id,
        window_h,
        n_accounts,
        n_exchanges,
        n_ends,
        n_starts,
        n_pairs,
        n_expected,
        n_pairs / nullif(n_expected, 0) as ratio,
        n_pairs_before / nullif(n_expected, 0) as ratio_before,
        greatest($min_ratio, $min_asymmetry * n_pairs_before / nullif(n_expected, 0)) as threshold,
        n_replaced / nullif(n_ends, 0) as share_replaced
    from judged
),
chosen as (
    select
        group_id, window_h, n_accounts, n_exchanges, n_ends, n_starts, n_pairs, n_expected, ratio, ratio_before, threshold, share_replaced
    from ratios
    where group_id <> 'log'
    qualify row_number() over (partition by group_id order by ratio / nullif(threshold, 0) desc, window_h) = 1
)
select
    c.group_id as entity_id,
    round(c.ratio, 6) >= round(c.threshold, 6) and c.n_pairs >= $min_pairs as is_fired,
    round(c.ratio, 6) as value,
    round(l.ratio, 6) as baseline,
    round(c.threshold, 6) as threshold,
    c.n_exchanges,
    c.n_accounts,
    c.window_h,
    c.n_ends,
    c.n_starts,
    c.n_pairs,
    round(c.n_expected, 6) as n_pairs_expected,
    round(c.ratio_before, 6) as ratio_before,
    round(c.share_replaced, 6) as share_replaced
from chosen as c
left join ratios as l on l.group_id = 'log' and l.window_h = c.window_h
order by entity_id
