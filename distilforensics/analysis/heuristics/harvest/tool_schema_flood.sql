/*---
id = "harvest.tool_schema_flood"
code = "H8"
title = "The accounts of a group each go through many different sets of tools"
status = "experimental"
level = "low"
description = "Training an agent takes many environments, each with tools of its own, and few calls in each. An account of a coding agent or of an application offers the same tools with every call. Counted is how many different sets of tools ten random calls of one account offer, for the median account of the group and for the accounts outside."
entity = "group"
sees = "$min_accounts accounts that offer tools, with $min_exchanges such exchanges, whose median account shows among $sample_size random ones as many different sets of tools as the $quantile quantile of the accounts outside and at least $min_lift times the median one; $min_schemas different sets in the group."
volume = "a group of at least $min_accounts accounts with $sample_size exchanges each that offer tools, $min_exchanges in all, and $min_reference_accounts such accounts outside"
reads = ["all_group_accounts", "exchange_features", "group_accounts", "group_exchanges", "groups"]
needs = ["account_id", "started_at", "tools_sha256"]
params.min_accounts = { default = 20, unit = "accounts", why = "personal pools of two to six subscriptions are common and no harvest" }
params.min_exchanges = { default = 200, unit = "exchanges with tools", why = "ten per account in the smallest group" }
params.sample_size = { default = 10, unit = "exchanges per account", why = "small enough for accounts of few calls, large enough that repetition shows; equal sizes make accounts comparable" }
params.quantile = { default = 0.95, unit = "share of accounts", why = "a median over the group scatters less than one account; half of the group lies where one in twenty others does" }
params.min_lift = { default = 2, unit = "ratio to the median account", why = "where all accounts load their tools anew, the 95th percentile lies close to the median" }
params.min_schemas = { default = 50, unit = "different sets of tools", why = "a product has versions and options, some dozens in all; environments for training are many" }
params.min_reference_accounts = { default = 20, unit = "accounts", why = "a 95th percentile needs them" }
params.n_reference_accounts = { default = 500, unit = "accounts", why = "a sample by the hash of the id bounds the cost of comparing every group with the accounts outside of it" }
output.n_schemas = { unit = "sets of tools", meaning = "different sets of tools in the group" }
output.calls_per_schema = { unit = "exchanges per set", meaning = "exchanges with tools / different sets; few is what environments for training show" }
output.widest_schema_accounts = { unit = "accounts", meaning = "accounts of the group that share its most widely shared set" }
output.n_reference_accounts = { unit = "accounts", meaning = "accounts outside behind the comparison" }
value = { unit = "sets of tools", meaning = "expected different sets of tools in sample_size exchanges of one account, for the median account of the group; baseline: the same for the median account outside" }
falsepositives = ["agent products that choose the tools of each call from a large registry", "gateways that join the tool servers of many end users under one account", "products that write a changing value into a tool's description, so that no two definitions are equal"]
limitations = ["the definitions are compared as logged: another order or another date is another set", "a harvest that uses one set of tools for all environments is not seen", "formats that do not log tool definitions leave it not evaluated"]
references = ["Anthropic, Detecting and preventing distillation attacks, 23 February 2026: agentic coding, tool use and orchestration", "S. H. Hurlbert, The nonconcept of species diversity, Ecology 52 (1971): rarefaction"]
tags = ["atlas.AML.T0024.002", "atlas.AML.T0005.001"]
author = "distilforensics"
date = "2026-11-25"
modified = "2026-11-25"
version = 2
---*/
with account_schemas as (
    select account_id, tools_sha256, count(*) as n
    from exchange_features
    where tools_sha256 is not null
    group by account_id, tools_sha256
),
account_totals as (
    select account_id, sum(n)::bigint as n from account_schemas group by account_id having sum(n) >= $sample_size
),
-- A set seen n times out of N is among m random exchanges with probability 1 - (1 - m / N) ^ n.
accounts as (
    select s.account_id, t.n, round(sum(1 - pow(1 - $sample_size / nullif(t.n, 0), s.n) order by s.n), 3) as n_different
    from account_schemas as s
    join account_totals as t on t.account_id = s.account_id
    group by s.account_id, t.n
),
large_groups as (
    select group_id from groups where n_accounts >= $min_accounts and n_exchanges >= $min_exchanges
),
measured as (
    select a.group_id, median(c.n_different) as n_different, count(*) as n_accounts
    from group_accounts as a
    semi join large_groups as g on g.group_id = a.group_id
    join accounts as c on c.account_id = a.account_id
    group by a.group_id
    having count(*) >= $min_accounts
),
group_schemas as (
    select e.group_id, e.tools_sha256, count(*) as n, count(distinct e.account_id) as n_accounts
    from group_exchanges as e
    semi join measured as m on m.group_id = e.group_id
    where e.tools_sha256 is not null
    group by e.group_id, e.tools_sha256
),
schemas as (
    select group_id, sum(n)::bigint as n_exchanges, count(*) as n_schemas, max(n_accounts) as widest
    from group_schemas
    group by group_id
    having sum(n) >= $min_exchanges
),
outside as (
    select m.group_id, median(c.n_different) as middle, quantile_cont(c.n_different, $quantile) as upper_end, count(*) as n_accounts
    from measured as m
    cross join (select account_id, n_different from accounts order by md5(account_id), account_id limit $n_reference_accounts) as c
    anti join all_group_accounts as a on a.group_id = m.group_id and a.account_id = c.account_id
    group by m.group_id
    having count(*) >= $min_reference_accounts
)
select
    m.group_id as entity_id,
    round(m.n_different, 6) >= round(greatest(o.upper_end, $min_lift * o.middle), 6) and s.n_schemas >= $min_schemas as is_fired,
    m.n_different as value,
    o.middle as baseline,
    greatest(o.upper_end, $min_lift * o.middle)::double as threshold,
    s.n_exchanges,
    m.n_accounts,
    s.n_schemas,
    s.n_exchanges / nullif(s.n_schemas, 0) as calls_per_schema,
    s.widest as widest_schema_accounts,
    o.n_accounts as n_reference_accounts
from measured as m
join schemas as s on s.group_id = m.group_id
join outside as o on o.group_id = m.group_id
order by entity_id
