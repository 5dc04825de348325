/*---
id = "coordination.complementarity"
code = "K7"
title = "The accounts of a group share out one list of tasks instead of drawing from it"
status = "experimental"
level = "medium"
description = "Counts how often two accounts of a group send the same task. Independent accounts that take as many tasks from the same list would reach a number of their own; the two are compared. The list has to be visible: as numbers in the prompts that cover a range almost without gaps, or as prompts that come back on several accounts. A list whose prompts occur once each and carry no numbers cannot be told from endless material and is not judged."
entity = "group"
sees = "$min_tenants tenants (accounts without a tenant count one each) that take a list of $min_items tasks and meet on the same task, at 99 % confidence, at most $max_ratio times as often as expected by chance, where at least $min_expected meetings are expected."
volume = "$min_tenants tenants in a group with $min_items_per_account tasks per account, whose numbers fill $min_coverage of their range or whose prompts occur on $min_multiplicity accounts on average, and $min_expected expected meetings"
reads = ["customers", "group_exchanges", "groups"]
needs = ["account_id", "started_at", "prompt_text|prompt_sha256"]
partition = "group"
params.min_tenants = "group_accounts"
params.min_items = { default = 200, unit = "tasks in the list", why = "shorter lists are exercises, months or chapters that everybody goes through" }
params.min_items_per_account = { default = 5, unit = "tasks per account", why = "a number that stays the same for an account is its own number (a customer, a student), not a task" }
params.min_coverage = { default = 0.7, unit = "share of the range of numbers", why = "a list that is worked off leaves few gaps; a tenth of the accounts may be missing, and a share of calls fails" }
params.edge_share = { default = 0.01, unit = "share of numbers at each end", why = "stray numbers (years, prices) would stretch the range" }
params.min_multiplicity = { default = 2, unit = "accounts per prompt", why = "below it the length of a list without numbers cannot be estimated from its repetitions" }
params.min_expected = { default = 50, unit = "meetings", why = "with fewer, none observed is hardly below chance" }
params.max_ratio = { default = 0.8, unit = "share of the expected meetings", why = "chance alone stays within a few per cent of 1, and favourites that several people choose only raise it; a list given out twice shows 0.63, four times 0.77" }
params.z = "z"
output.list_kind = { unit = "numbers or prompts", meaning = "what shows the list: the first or last number of the prompts, or prompts that come back" }
output.n_items = { unit = "tasks", meaning = "length of the list: range of the numbers, or the estimate from repetitions" }
output.n_items_seen = { unit = "tasks", meaning = "different tasks seen in the group" }
output.n_meetings = { unit = "pairs of accounts per task", meaning = "observed: pairs of accounts that sent the same task, summed over tasks" }
output.n_meetings_expected = { unit = "pairs of accounts per task", meaning = "expected if every account drew its tasks from the list by itself (hypergeometric mean)" }
output.expected_low = { unit = "pairs of accounts per task", meaning = "lower end of the 99 % interval of the expected number" }
output.expected_high = { unit = "pairs of accounts per task", meaning = "upper end" }
output.n_tenants = { unit = "tenants", meaning = "tenants in the group" }
value = { unit = "ratio", meaning = "observed / expected meetings of two accounts on the same task; 1 = independent; low values fire" }
falsepositives = ["a vendor whose customers handle records with numbers that run through all customers (tickets, orders)", "a labelling service that gives each item to a fixed number of workers", "a company without tenant in the log that shares out its own job"]
limitations = ["a list without numbers that is worked off once is not judged: the same data come from material without end", "overlap on purpose hides it, at the price of the calls", "numbers that are neither the first nor the last of the prompt are not looked at"]
references = ["W. Feller, An Introduction to Probability Theory and Its Applications I (1968), chapter II: occupancy and the hypergeometric distribution", "Anthropic, Detecting and preventing distillation attacks, 23 February 2026: tens of thousands of unique tasks over hundreds of accounts"]
tags = ["atlas.AML.T0024.002", "atlas.AML.T0008.005"]
author = "distilforensics"
date = "2026-11-25"
modified = "2026-11-30"
version = 3
---*/
with large_groups as (
    select group_id from groups where n_accounts >= $min_tenants and n_exchanges >= $min_items
),
-- Calls that failed are taken over by other accounts; they are no second draw.
answered as (
    select e.group_id, e.account_id, c.named_customer as tenant, e.prompt_hash, e.first_number, e.last_number
    from group_exchanges as e
    semi join large_groups as g on g.group_id = e.group_id
    join customers as c on c.account_id = e.account_id
    where coalesce(e.status, 'ok') in ('ok', 'partial')
),
tenants as (
    select group_id, count(*) as n_tenants
    from (select distinct group_id, tenant from answered)
    group by group_id
    having count(*) >= $min_tenants
),
draws as (
    select group_id, 'first number' as list_kind, account_id, first_number::varchar as item, first_number as number, count(*) as n
    from answered
    where first_number is not null
    group by group_id, account_id, first_number
    union all
    select group_id, 'last number', account_id, last_number::varchar, last_number, count(*)
    from answered
    where last_number is not null
    group by group_id, account_id, last_number
    union all
    select group_id, 'prompts', account_id, prompt_hash, null, count(*)
    from answered
    where prompt_hash is not null
    group by group_id, account_id, prompt_hash
),
items as (
    select d.group_id, d.list_kind, d.item, min(d.number) as number, count(*) as n_accounts
    from draws as d
    semi join tenants as t on t.group_id = d.group_id
    group by d.group_id, d.list_kind, d.item
),
ranges as (
    select
        group_id,
        list_kind,
        quantile_disc(number, $edge_share) as low,
        quantile_disc(number, 1 - $edge_share) as high
    from items
    group by group_id, list_kind
),
kept_items as (
    select i.group_id, i.list_kind, i.item, i.n_accounts, r.high - r.low + 1 as range_length
    from items as i
    join ranges as r on r.group_id = i.group_id and r.list_kind = i.list_kind
    where i.list_kind = 'prompts' or i.number between r.low and r.high
),
lists as (
    select
        group_id,
        list_kind,
        count(*) as n_seen,
        min(range_length) as range_length,
        sum(n_accounts)::bigint as n_draws,
        sum(n_accounts * (n_accounts - 1))::bigint // 2 as n_meetings
    from kept_items
    group by group_id, list_kind
    having count(*) >= $min_items
        and case list_kind
            when 'prompts' then sum(n_accounts) >= $min_multiplicity * count(*)
            else count(*) >= $min_coverage * min(range_length)
        end
),
per_account as (
    select d.group_id, d.list_kind, d.account_id, count(*) as n_items, sum(d.n)::bigint as n
    from draws as d
    semi join lists as l on l.group_id = d.group_id and l.list_kind = d.list_kind
    semi join kept_items as k on k.group_id = d.group_id and k.list_kind = d.list_kind and k.item = d.item
    group by d.group_id, d.list_kind, d.account_id
),
totals as (
    select
        group_id,
        list_kind,
        count(*) as n_accounts,
        sum(n)::bigint as n_exchanges,
        (sum(n_items)::hugeint * sum(n_items)::hugeint - sum(n_items * n_items))::double / 2 as n_pairs
    from per_account
    group by group_id, list_kind
    having sum(n_items) >= $min_items_per_account * count(*)
),
-- Without numbers the length L of the list follows from d seen tasks in n draws: d = L (1 - exp(-n / L)), by four steps from L = d on.
estimated as (
    select
        l.*,
        l.n_seen / nullif(1 - exp(-l.n_draws / nullif(l.n_seen / nullif(1 - exp(-l.n_draws / nullif(l.n_seen / nullif(1 - exp(-l.n_draws
            / nullif(l.n_seen / nullif(1 - exp(-l.n_draws / nullif(l.n_seen, 0)), 0), 0)), 0), 0)), 0), 0)), 0) as estimated_length
    from lists as l
),
judged as (
    select
        e.group_id,
        e.list_kind,
        e.n_seen,
        e.n_meetings,
        t.n_accounts,
        t.n_exchanges,
        n.n_tenants,
        case when e.list_kind = 'prompts' then e.estimated_length else e.range_length end as n_items,
        t.n_pairs / nullif(case when e.list_kind = 'prompts' then e.estimated_length else e.range_length end, 0) as n_expected
    from estimated as e
    join totals as t on t.group_id = e.group_id and t.list_kind = e.list_kind
    join tenants as n on n.group_id = e.group_id
),
chosen as (
    select *
    from judged
    where n_expected >= $min_expected
    qualify row_number() over (partition by group_id order by round(n_meetings / nullif(n_expected, 0), 6), list_kind) = 1
)
select
    group_id as entity_id,
    round((n_meetings + $z * sqrt(n_meetings)) / nullif(n_expected, 0), 6) <= $max_ratio as is_fired,
    round(n_meetings / nullif(n_expected, 0), 6) as value,
    1.0::double as baseline,
    $max_ratio::double as threshold,
    n_exchanges,
    n_accounts,
    list_kind,
    round(n_items)::bigint as n_items,
    n_seen as n_items_seen,
    n_meetings,
    round(n_expected, 3) as n_meetings_expected,
    round(greatest(0, n_expected - $z * sqrt(n_expected)), 3) as expected_low,
    round(n_expected + $z * sqrt(n_expected), 3) as expected_high,
    n_tenants
from chosen
order by entity_id
