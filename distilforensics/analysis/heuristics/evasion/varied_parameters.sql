/*---
id = "evasion.varied_parameters"
code = "E8"
title = "The accounts of a group draw their call parameters anew for every call"
status = "experimental"
level = "medium"
description = "Counts, for every account of a group, the sets of call parameters that it uses more than once, and how much of its calls the most frequent set has. A program has one set and a person with some tools a few; a pool that varies them so that no set is common gives each account many and none that is usual."
entity = "group"
sees = "$min_accounts accounts of a group with $min_exchanges calls each, of which the share $min_share uses $min_sets or more sets of parameters and none in more than $max_top_share of its calls."
volume = "$min_accounts accounts of the group with $min_exchanges calls with parameters each, and $min_others such accounts outside of it"
reads = ["exchange_features", "group_accounts"]
needs = ["account_id", "max_output_tokens|temperature|top_p|tools_sha256|response_format|reasoning_effort"]
requires_order = false
params.min_accounts = { default = 20, unit = "accounts", why = "personal pools of 2 to 6 subscriptions are common and no harvest" }
params.min_others = { default = 20, unit = "accounts outside of the group", why = "the comparison needs a rest of the log" }
params.min_exchanges = { default = 20, unit = "exchanges with parameters per account", why = "a mixture shows by volume" }
params.min_sets = { default = 5, unit = "sets of parameters, each in two calls or more", why = "people with several tools have two or three; who draws at random has many" }
params.max_top_share = { default = 0.5, unit = "share of the account's calls", why = "trying some settings beside a usual one is ordinary" }
params.min_share = { default = 0.5, unit = "share of the group's judged accounts", why = "what most of the group does, and not a few in it" }
params.min_excess = { default = 0.3, unit = "share above that of the accounts outside of the group", why = "in a log of people who try settings many do; a difference, not a ratio, so that a second pool does not hide the first" }
output.n_varied = { unit = "accounts", meaning = "accounts of the group that vary their parameters" }
output.median_sets = { unit = "sets of parameters", meaning = "median over the group's judged accounts" }
output.n_others = { unit = "accounts", meaning = "judged accounts outside of the group" }
value = { unit = "share of the group's judged accounts", meaning = "accounts that use many sets of parameters and none usually" }
falsepositives = ["an evaluation over settings such as temperatures", "a gateway that picks parameters by rule for many customers"]
limitations = ["needs parameters in the log", "accounts with few calls are not judged", "on the group of kind `varied`, which consists of such accounts, the share is 1 by definition: there it states what makes the group, and coordination has to be shown by other heuristics"]
references = ["a stated way of evading fixed parameters as an indicator; what it costs is that nobody else does it"]
tags = ["atlas.AML.T0008.005", "atlas.AML.T0024.002"]
author = "distilforensics"
date = "2026-11-25"
modified = "2026-11-25"
version = 1
---*/
with sets as (
    select account_id, parameter_template, count(*) as n
    from exchange_features
    where parameter_template is not null
    group by account_id, parameter_template
),
accounts as (
    select
        account_id,
        sum(n)::bigint as n_exchanges,
        count(*) filter (where n >= 2) as n_sets,
        count(*) filter (where n >= 2) >= $min_sets and max(n) <= $max_top_share * sum(n) as is_varied
    from sets
    group by account_id
    having sum(n) >= $min_exchanges
),
log_totals as (
    select count(*) as n_accounts, count(*) filter (where is_varied) as n_varied from accounts
),
per_group as (
    select
        g.group_id,
        count(*) as n_accounts,
        count(*) filter (where a.is_varied) as n_varied,
        sum(a.n_exchanges)::bigint as n_exchanges,
        median(a.n_sets) as median_sets
    from group_accounts as g
    join accounts as a on a.account_id = g.account_id
    group by g.group_id
    having count(*) >= $min_accounts
),
judged as (
    select
        p.*,
        l.n_accounts - p.n_accounts as n_others,
        p.n_varied / nullif(p.n_accounts, 0) as share,
        (l.n_varied - p.n_varied) / nullif(l.n_accounts - p.n_accounts, 0) as share_of_others
    from per_group as p
    cross join log_totals as l
    where l.n_accounts - p.n_accounts >= $min_others
)
select
    group_id as entity_id,
    round(share, 6) >= round(greatest($min_share, share_of_others + $min_excess), 6) as is_fired,
    round(share, 6) as value,
    round(share_of_others, 6) as baseline,
    round(greatest($min_share, share_of_others + $min_excess), 6) as threshold,
    n_exchanges,
    n_accounts,
    n_varied,
    median_sets,
    n_others
from judged
order by entity_id
