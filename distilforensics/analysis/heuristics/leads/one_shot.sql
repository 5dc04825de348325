/*---
id = "structure.one_shot"
code = "S7"
title = "A group asks once and never follows up, where other accounts hold conversations"
status = "experimental"
level = "lead"
description = "Share of exchanges without a follow-up: at most a system message and one message of the user, and no other exchange in the same session. People answer back, correct and regenerate; a pass over a list does not. So do translators, classifiers, writing helpers and every application that asks one question per call; hence a lead."
entity = "group"
sees = "$min_accounts accounts with $min_exchanges exchanges of which at least $min_share are asked once, while the median account outside follows up at least $min_rest_follow_ups of its exchanges and $min_lift times as often as the group."
volume = "a group of at least $min_accounts accounts with at least $min_exchanges exchanges whose messages are counted or that carry a session, and $min_reference_accounts accounts outside with $min_reference_exchanges such exchanges"
reads = ["all_group_accounts", "exchange_features", "group_exchanges", "groups", "sessions"]
needs = ["account_id", "started_at", "n_turns|session_id"]
params.min_accounts = { default = 20, unit = "accounts", why = "personal pools of two to six subscriptions are common and no harvest" }
params.min_exchanges = { default = 200, unit = "exchanges", why = "ten per account in the smallest group" }
params.min_share = { default = 0.95, unit = "share of exchanges", why = "a list is worked off with a few retries; people follow up more often than once in twenty" }
params.min_rest_follow_ups = { default = 0.2, unit = "share of exchanges", why = "where others hardly converse either, asking once is the custom of the log" }
params.min_lift = { default = 5, unit = "ratio of the follow-ups", why = "another way of working, not a matter of taste" }
params.max_first_turns = { default = 2, unit = "messages", why = "a system message and one of the user; some formats count the system message and some do not" }
params.min_reference_accounts = { default = 30, unit = "accounts", why = "a median needs them" }
params.min_reference_exchanges = { default = 20, unit = "exchanges", why = "shares of accounts with fewer exchanges are mostly noise" }
params.n_reference_accounts = { default = 500, unit = "accounts", why = "a sample by the hash of the id bounds the cost; the median of 500 is known to about two percentile ranks" }
output.median_turns = { unit = "messages", meaning = "median messages per request in the group; NULL where they are not counted" }
output.share_with_session = { unit = "share of exchanges", meaning = "exchanges of the group that carry a session" }
output.n_reference_accounts = { unit = "accounts", meaning = "sampled accounts outside of the group behind the baseline" }
value = { unit = "share of exchanges", meaning = "exchanges of the group without a follow-up; baseline: the median of the same over accounts outside of the group" }
falsepositives = ["translation, classification and extraction through an interface", "writing helpers and buttons inside of products, which ask once per click", "evaluation suites"]
limitations = ["harvests of conversations and of agents have many turns and are not seen", "a client that keeps the conversation on the provider's side shows one message per request; only sessions reveal it", "never counts towards a grade"]
references = ["Anthropic, Detecting and preventing distillation attacks, 23 February 2026: tens of thousands of unique tasks"]
tags = ["atlas.AML.T0024.002", "owasp.LLM10"]
author = "distilforensics"
date = "2026-11-25"
modified = "2026-11-30"
version = 3
---*/
with long_sessions as (
    select session_id from sessions where n_exchanges > 1
),
accounts as (
    select
        e.account_id,
        count(*) filter (where coalesce(e.n_turns, 0) <= $max_first_turns and s.session_id is null) / nullif(count(*), 0) as share
    from exchange_features as e
    left join long_sessions as s on s.session_id = e.session_id
    where e.n_turns is not null or e.session_id is not null
    group by e.account_id
    having count(*) >= $min_reference_exchanges
    order by md5(e.account_id), e.account_id
    limit $n_reference_accounts
),
large_groups as (
    select group_id, n_accounts
    from groups
    where n_accounts >= $min_accounts and n_exchanges >= $min_exchanges
),
measured as (
    select
        e.group_id,
        count(*) as n,
        count(*) filter (where coalesce(e.n_turns, 0) <= $max_first_turns and s.session_id is null) / nullif(count(*), 0) as share,
        median(e.n_turns) as median_turns,
        count(e.session_id) / nullif(count(*), 0) as share_with_session
    from group_exchanges as e
    semi join large_groups as g on g.group_id = e.group_id
    left join long_sessions as s on s.session_id = e.session_id
    where e.n_turns is not null or e.session_id is not null
    group by e.group_id
    having count(*) >= $min_exchanges
),
outside as (
    select m.group_id, median(a.share) as share, count(*) as n_accounts
    from measured as m
    cross join accounts as a
    anti join all_group_accounts as g on g.group_id = m.group_id and g.account_id = a.account_id
    group by m.group_id
    having count(*) >= $min_reference_accounts
)
select
    m.group_id as entity_id,
    round(m.share, 6) >= round(greatest($min_share, 1 - (1 - o.share) / nullif($min_lift, 0)), 6)
    and round(1 - o.share, 6) >= $min_rest_follow_ups as is_fired,
    m.share as value,
    o.share as baseline,
    greatest($min_share, 1 - (1 - o.share) / nullif($min_lift, 0))::double as threshold,
    m.n as n_exchanges,
    g.n_accounts,
    m.median_turns,
    m.share_with_session,
    o.n_accounts as n_reference_accounts
from measured as m
join large_groups as g on g.group_id = m.group_id
join outside as o on o.group_id = m.group_id
order by entity_id
