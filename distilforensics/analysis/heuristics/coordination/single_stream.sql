/*---
id = "coordination.single_stream"
code = "K9"
title = "The accounts of a group behave like one stream of calls dealt out by lot"
status = "experimental"
level = "medium"
description = "Accounts of one tenant, or of one payment method with up to six, are one. Counts how often two answered calls of a group in the same three hours come from the same account. Compared with calls that are dealt out to the accounts by lot, each account with its own total. People work in sessions, so their calls sit together; a scheduler that deals out one stream leaves no sessions, whatever loads it gives and however the wording changes. The same is asked of the time of day, since independent customers have habits of their own."
entity = "group"
sees = "Accounts of $min_holders customers, loads equal or not, whose calls meet in the same three hours and at the same hours of other days, at most $max_ratio times as often as by lot, in a log whose accounts meet $min_log_ratio times as often as by lot."
volume = "$min_holders customers with $min_uses calls, on $min_days days, where at least $min_pairs pairs of calls of one account in one slot are expected by lot"
reads = ["customers", "exchange_features", "group_exchanges", "groups"]
needs = ["account_id", "started_at"]
requires_order = false
params.min_holders = "group_accounts"
params.min_uses = "repeats"
params.min_days = "days"
params.min_pairs = { default = 40, unit = "pairs of calls of one account in one slot, expected by lot", why = "keeps the chance error of the ratio near 0.16; sessions of people give 1.7 and more" }
params.slot_s = "session_s"
params.max_slot_share = { default = 0.12, unit = "share of all pairs of calls of the group", why = "pairs in one slot; where the whole group works in a few runs (a class, an evaluation, a nightly job), an account has no time of its own to show sessions in. A working day of eight hours in a week gives 0.08" }
params.max_ratio = { default = 1.25, unit = "ratio to dealing by lot", why = "dealing by lot gives 1, taking turns less; people reach 1.7 to 6 and the mixture of a pool with people lies between" }
params.min_log_ratio = { default = 1.6, unit = "ratio to dealing by lot", why = "all accounts of the log as one group: where they show no sessions either, an account is not a person here (keys that change, a gateway that balances loads), and the comparison says nothing" }
output.n_holders = { unit = "customers", meaning = "with enough calls: accounts of one tenant, or of one payment method with up to six, are one" }
output.habit_ratio = { unit = "ratio", meaning = "the same for calls on different days at the same three hours of the day" }
output.log_ratio = { unit = "ratio", meaning = "the same as the value for all accounts of the log taken as one group" }
output.n_pairs = { unit = "pairs of calls", meaning = "pairs of one account in one slot, observed" }
output.n_pairs_expected = { unit = "pairs of calls", meaning = "the same if the calls were dealt out by lot" }
output.slot_share = { unit = "share of all pairs of calls", meaning = "pairs of calls of the group, of any accounts, that lie in one slot" }
value = { unit = "ratio", meaning = "pairs of calls of one account in the same three hours, observed / expected if the group's calls were dealt out by lot with the same totals; 1 = no sessions, low values fire" }
falsepositives = ["a product that calls once per event that reaches its user (a mail, a ticket, a commit), for users of one country", "a company that shards one queue of jobs over its own keys, where the log names no tenants", "a gateway that spreads the calls of its customers over keys"]
limitations = ["conversations that stay on one account are sessions, so a pool that relays them is not seen", "accounts that follow each other within the log (bans, replacements) look like long sessions", "a pool that gives each account its own hours is not seen; it looks like people then, and has the throughput of people"]
references = ["R. A. Fisher, The significance of deviations from expectation in a Poisson series, Biometrics 6 (1950): counts against their margins", "A.-L. Barabasi, The origin of bursts and heavy tails in human dynamics, Nature 435 (2005): people act in bursts"]
tags = ["atlas.AML.T0024.002", "atlas.AML.T0008.005"]
author = "distilforensics"
date = "2026-11-25"
modified = "2026-11-30"
version = 3
---*/
with large_groups as (
    select group_id from groups where n_accounts >= $min_holders and n_exchanges >= $min_uses * $min_holders
),
-- Calls that failed are repeated, on the same account by people and on another one by a pool; neither is a second piece of work.
slots as (
    select
        e.group_id,
        h.customer as holder,
        epoch_us(e.started_at) // 86400000000 as day,
        epoch_us(e.started_at) // 1000000 % 86400 // $slot_s as slot,
        count(*) as n
    from group_exchanges as e
    semi join large_groups as l on l.group_id = e.group_id
    join customers as h on h.account_id = e.account_id
    where coalesce(e.status, 'ok') in ('ok', 'partial')
    group by 1, 2, 3, 4
    union all
    select 'log', h.customer as holder, epoch_us(e.started_at) // 86400000000, epoch_us(e.started_at) // 1000000 % 86400 // $slot_s, count(*)
    from exchange_features as e
    join customers as h on h.account_id = e.account_id
    where coalesce(e.status, 'ok') in ('ok', 'partial')
    group by 2, 3, 4
),
-- One holder with very many calls would decide alone, since pairs grow with the square.
busiest as (
    select group_id, holder
    from (select group_id, holder, sum(n)::bigint as n from slots group by group_id, holder)
    qualify row_number() over (partition by group_id order by n desc, holder) = 1
),
kept as (
    select s.group_id, s.holder, s.day, s.slot, s.n
    from slots as s
    anti join busiest as b on b.group_id = s.group_id and b.holder = s.holder
),
by_holder as (
    select group_id, holder, sum(n)::bigint as n, sum(n * (n - 1))::bigint as n_same_slot, sum(n * n)::bigint as n_squares
    from kept
    group by group_id, holder
),
by_holder_hour as (
    select group_id, holder, sum(n)::bigint as n
    from kept
    group by group_id, holder, slot
),
-- Ordered pairs, of one holder and of any two calls: in one slot, and at the same time of day in different slots.
own as (
    select
        a.group_id,
        count(*) filter (where a.n >= $min_uses) as n_holders,
        sum(a.n)::bigint as n,
        sum(a.n * (a.n - 1))::bigint as n_pairs,
        sum(a.n_same_slot)::bigint as n_same_slot,
        sum(a.n_squares)::bigint as n_squares
    from by_holder as a
    group by a.group_id
),
own_hours as (
    select group_id, sum(n * n)::bigint as n_squares from by_holder_hour group by group_id
),
group_slots as (
    select group_id, day, slot, sum(n)::bigint as n from kept group by group_id, day, slot
),
all_slots as (
    select group_id, sum(n * (n - 1))::bigint as n_same_slot, sum(n * n)::bigint as n_squares, count(distinct day) as n_days
    from group_slots
    group by group_id
),
all_hours as (
    select group_id, sum(n * n)::bigint as n_squares
    from (select group_id, sum(n)::bigint as n from group_slots group by group_id, slot)
    group by group_id
),
measured as (
    select
        o.group_id,
        o.n_holders,
        o.n,
        s.n_days,
        o.n_same_slot,
        s.n_same_slot / nullif(o.n, 0) / nullif(o.n - 1, 0) as slot_share,
        s.n_same_slot / nullif(o.n, 0) / nullif(o.n - 1, 0) * o.n_pairs as n_same_slot_expected,
        (h.n_squares - o.n_squares)
        / nullif((g.n_squares - s.n_squares) / nullif(o.n, 0) / nullif(o.n - 1, 0) * o.n_pairs, 0) as habit_ratio
    from own as o
    join own_hours as h on h.group_id = o.group_id
    join all_slots as s on s.group_id = o.group_id
    join all_hours as g on g.group_id = o.group_id
),
whole_log as (
    select n_same_slot / nullif(n_same_slot_expected, 0) as ratio from measured where group_id = 'log'
),
judged as (
    select
        m.group_id,
        g.n_accounts,
        m.n_holders,
        m.n,
        m.n_same_slot,
        m.n_same_slot_expected,
        m.slot_share,
        m.habit_ratio,
        m.n_same_slot / nullif(m.n_same_slot_expected, 0) as ratio,
        w.ratio as log_ratio
    from measured as m
    cross join whole_log as w
    join groups as g on g.group_id = m.group_id
    where m.n_holders >= $min_holders
        and m.n_days >= $min_days
        and round(m.n_same_slot_expected / 2, 6) >= $min_pairs
        and round(m.slot_share, 6) <= $max_slot_share
        and round(w.ratio, 6) >= $min_log_ratio
)
select
    group_id as entity_id,
    round(ratio, 6) <= $max_ratio and round(habit_ratio, 6) <= $max_ratio as is_fired,
    round(ratio, 6) as value,
    1.0::double as baseline,
    $max_ratio::double as threshold,
    n as n_exchanges,
    n_accounts,
    n_holders,
    round(habit_ratio, 6) as habit_ratio,
    round(log_ratio, 6) as log_ratio,
    n_same_slot // 2 as n_pairs,
    round(n_same_slot_expected / 2, 6) as n_pairs_expected,
    round(slot_share, 6) as slot_share
from judged
order by entity_id
