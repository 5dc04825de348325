/*---
id = "coordination.split_conversation"
code = "K5"
title = "Single conversations run over several accounts"
status = "experimental"
level = "high"
description = "Counts the sessions of a group with two or more exchanges that are spread over accounts of different tenants. A scheduler without session affinity sends every turn of a conversation through the next account; a customer stays on one."
entity = "group"
sees = "A group of $min_accounts accounts with $min_sessions sessions of two or more exchanges of which a share of $min_share runs over accounts of different tenants, $min_excess more than in the rest of the log."
volume = "$min_accounts accounts and $min_sessions sessions of two or more exchanges in the group"
reads = ["group_exchanges", "groups", "sessions"]
needs = ["account_id", "started_at", "session_id"]
params.min_accounts = "group_accounts"
params.min_sessions = { default = 20, unit = "sessions of two or more exchanges", why = "a share of fewer is too coarse" }
params.min_share = { default = 0.3, unit = "share of these sessions", why = "without affinity all of them split; failover alone splits a few" }
params.min_excess = { default = 0.2, unit = "share above that of the rest of the log", why = "where session names are not unique they split everywhere; a difference, not a ratio, so that a second pool in the log does not hide the first" }
output.n_split_sessions = { unit = "sessions", meaning = "sessions over accounts of different tenants" }
output.n_split_accounts = { unit = "accounts", meaning = "accounts that take part in them" }
output.mean_accounts_per_split = { unit = "accounts per split session", meaning = "mean" }
value = { unit = "share of sessions of two or more exchanges", meaning = "sessions that run over accounts of different tenants" }
falsepositives = ["service accounts of one company whose tenant is not in the log", "session names that are not unique, such as the name of an application", "a gateway that assigns one session to many callers"]
limitations = ["pools with session affinity keep conversations together", "needs a session id that follows the conversation and not the account", "one-shot calls have no conversations to split"]
references = ["An issue of a published pool proxy (number 277 of its tracker, 2026): every request of a conversation uses a different provider account"]
tags = ["atlas.AML.T0024.002", "atlas.AML.T0008.005"]
author = "distilforensics"
date = "2026-11-23"
modified = "2026-11-30"
version = 3
---*/
with large_groups as (
    select group_id from groups where n_accounts >= $min_accounts
),
conversations as (
    select session_id, n_customers > 1 as is_split, n_accounts from sessions where n_exchanges >= 2
),
log_totals as (
    select count(*) as n, count(*) filter (where is_split) as n_split from conversations
),
group_sessions as (
    select g.group_id, g.session_id, count(*) as n
    from group_exchanges as g
    semi join large_groups as l on l.group_id = g.group_id
    semi join conversations as s on s.session_id = g.session_id
    group by g.group_id, g.session_id
),
per_group as (
    select
        g.group_id,
        count(*) as n_sessions,
        sum(g.n)::bigint as n_exchanges,
        count(*) filter (where s.is_split) as n_split,
        sum(s.n_accounts) filter (where s.is_split)::bigint as n_accounts_of_split
    from group_sessions as g
    join conversations as s on s.session_id = g.session_id
    group by g.group_id
    having count(*) >= $min_sessions
),
split_accounts as (
    select g.group_id, count(distinct g.account_id) as n
    from group_exchanges as g
    semi join per_group as p on p.group_id = g.group_id and p.n_split > 0
    semi join (select session_id from conversations where is_split) as s on s.session_id = g.session_id
    group by g.group_id
),
judged as (
    select
        p.group_id,
        l.n_accounts,
        p.n_exchanges,
        p.n_split,
        p.n_accounts_of_split,
        coalesce(a.n, 0) as n_split_accounts,
        p.n_split / nullif(p.n_sessions, 0) as share,
        (t.n_split - p.n_split) / nullif(t.n - p.n_sessions, 0) as share_in_rest
    from per_group as p
    join groups as l on l.group_id = p.group_id
    left join split_accounts as a on a.group_id = p.group_id
    cross join log_totals as t
)
select
    group_id as entity_id,
    round(share, 6) >= round(greatest($min_share, coalesce(share_in_rest, 0) + $min_excess), 6)
    and n_split_accounts >= $min_accounts as is_fired,
    round(share, 6) as value,
    round(share_in_rest, 6) as baseline,
    round(greatest($min_share, coalesce(share_in_rest, 0) + $min_excess), 6) as threshold,
    n_exchanges,
    n_accounts,
    n_split as n_split_sessions,
    n_split_accounts,
    round(n_accounts_of_split / nullif(n_split, 0), 6) as mean_accounts_per_split
from judged
order by entity_id
