/*---
id = "evasion.canary_repeat"
code = "E7"
title = "A set of fixed prompts comes back at a regular cadence from many accounts"
status = "experimental"
level = "medium"
description = "Somebody who thinks that answers are degraded on purpose asks the same questions again and again and compares the answers. A prompt counts as a canary if it recurs over days at nearly equal distances while the accounts that send it change. One customer's monitor uses one tenant, and people do not keep a clock; a set of canaries from many customers is a check of the provider by one operator."
entity = "group"
sees = "$min_accounts accounts of one group that together send at least $min_canaries prompts of which each comes back on at least $min_days days, with a deviation of at most $max_deviation of the mean distance, from at least $min_prompt_customers customers; these are $min_lift times as frequent among recurring prompts as in the rest of the log."
volume = "a group of at least $min_accounts accounts with at least $min_canaries prompts that recur on $min_days days from $min_prompt_customers customers"
reads = ["customers", "exchange_features", "group_exchanges", "groups"]
needs = ["account_id", "started_at", "prompt_text|prompt_sha256"]
params.min_accounts = { default = 10, unit = "accounts that send canaries", why = "personal pools of two to six subscriptions and a team's monitors stay below" }
params.min_days = { default = 5, unit = "days, and distances less one", why = "four distances are the fewest that can be called equal" }
params.max_deviation = { default = 0.05, unit = "standard deviation / mean of the distances", why = "an hour on a day, three minutes on an hour: a scheduler with jitter; independent events have 1, and one event per working day at a random hour of the office still 0.14" }
params.min_distance_s = { default = 600, unit = "seconds", why = "repetitions within minutes are one run: a retry, a burst" }
params.min_prompt_customers = { default = 3, unit = "customers per prompt", why = "a monitor belongs to one customer; two may share a prompt from a manual" }
params.min_canaries = { default = 3, unit = "prompts", why = "one prompt that keeps time may be chance; a set may not" }
params.min_lift = { default = 5, unit = "ratio to the rest of the log", why = "where the log is full of scheduled jobs of many customers, keeping time means nothing" }
output.n_canaries = { unit = "prompts", meaning = "prompts of the group that keep time over the days and over customers" }
output.n_recurring = { unit = "prompts", meaning = "prompts of the group that recur on as many days from as many customers, at whatever distances" }
output.rest_share = { unit = "share of recurring prompts", meaning = "canaries among the recurring prompts that the group does not send; NULL if there are none" }
output.median_distance_h = { unit = "hours", meaning = "median of the mean distances of the canaries" }
output.share_cold = { unit = "share of canary exchanges with a temperature", meaning = "sent with temperature 0; NULL where none is logged" }
output.n_different_answers = { unit = "answers per canary", meaning = "mean number of different answers to a canary; NULL where answers are not logged" }
value = { unit = "share of the group's recurring prompts", meaning = "canaries / recurring prompts; baseline: the same over the recurring prompts that the group does not send, 0 if there are none" }
falsepositives = ["a status page or an observability vendor that checks the service with its customers' keys", "a scheduled job of a product that runs under every customer's account at the same hour with the same prompt"]
limitations = ["needs a log of at least five days", "canaries that change, or come at random times, are not seen", "accounts of one customer that the log does not tie together count as several customers"]
references = ["NSA, CISA, FBI, joint advisory AA26-251A, 8 September 2026: quality evaluation frameworks designed to detect defensive countermeasures"]
tags = ["atlas.AML.T0024.002"]
author = "distilforensics"
date = "2026-11-25"
modified = "2026-11-30"
version = 3
---*/
with large_groups as (
    select group_id, n_accounts from groups where n_accounts >= $min_accounts
),
-- Prompts of one customer are no canaries here, and most prompts have one: they fall out first.
shared as (
    select prompt_hash
    from exchange_features
    where prompt_hash is not null
    group by prompt_hash
    having min(account_id) <> max(account_id) and count(*) >= $min_days
),
sends as (
    select
        e.prompt_hash,
        c.customer,
        epoch_us(e.started_at) // 1000000 as sent_s,
        e.started_at::date as day,
        e.response_hash,
        e.record_id
    from exchange_features as e
    semi join shared as s on s.prompt_hash = e.prompt_hash
    join customers as c on c.account_id = e.account_id
),
prompt_days as (
    select prompt_hash, count(*) as n from (select distinct prompt_hash, day from sends) as d group by prompt_hash having count(*) >= $min_days
),
prompt_customers as (
    select prompt_hash, count(*) as n
    from (select distinct prompt_hash, customer from sends) as c
    group by prompt_hash
    having count(*) >= $min_prompt_customers
),
prompt_answers as (
    select prompt_hash, count(*) as n
    from (select distinct prompt_hash, response_hash from sends where response_hash is not null) as a
    group by prompt_hash
),
-- Sends that follow the one before within minutes belong to its run; distances lie between the starts of runs.
run_starts as (
    select prompt_hash, sent_s, record_id
    from sends
    semi join prompt_days using (prompt_hash)
    semi join prompt_customers using (prompt_hash)
    qualify coalesce(sent_s - lag(sent_s) over (partition by prompt_hash order by sent_s, record_id) >= $min_distance_s, true)
),
distances as (
    select prompt_hash, sent_s - lag(sent_s) over (partition by prompt_hash order by sent_s, record_id) as distance_s from run_starts
),
-- n * sum of squares - square of the sum is n^2 times the variance, in whole numbers.
timed as (
    select
        prompt_hash,
        sum(distance_s) / nullif(count(distance_s), 0) as distance_s,
        count(distance_s) >= $min_days - 1
        and sqrt(greatest(count(distance_s) * sum(distance_s::hugeint * distance_s) - sum(distance_s)::hugeint * sum(distance_s)::hugeint, 0))
        / nullif(sum(distance_s), 0) <= $max_deviation as is_canary
    from distances
    group by prompt_hash
),
log_prompts as (
    select count(*) as n, count(*) filter (where is_canary) as n_canaries from timed
),
group_prompts as (
    select
        e.group_id,
        e.prompt_hash,
        count(*) as n,
        count(*) filter (where e.temperature = 0) as n_cold,
        count(e.temperature) as n_with_temperature
    from group_exchanges as e
    semi join large_groups as g on g.group_id = e.group_id
    semi join timed as t on t.prompt_hash = e.prompt_hash
    group by e.group_id, e.prompt_hash
),
group_accounts_of_canaries as (
    select e.group_id, count(distinct e.account_id) as n_accounts
    from group_exchanges as e
    semi join large_groups as g on g.group_id = e.group_id
    semi join (select prompt_hash from timed where is_canary) as t on t.prompt_hash = e.prompt_hash
    group by e.group_id
),
per_group as (
    select
        p.group_id,
        count(*) as n_recurring,
        sum(p.n) filter (where t.is_canary)::bigint as n_exchanges,
        count(*) filter (where t.is_canary) as n_canaries,
        median(t.distance_s) filter (where t.is_canary) as distance_s,
        sum(p.n_cold) filter (where t.is_canary) / nullif(sum(p.n_with_temperature) filter (where t.is_canary), 0) as share_cold,
        sum(a.n) filter (where t.is_canary)::bigint / nullif(count(a.n) filter (where t.is_canary), 0) as n_different_answers
    from group_prompts as p
    join timed as t on t.prompt_hash = p.prompt_hash
    left join prompt_answers as a on a.prompt_hash = p.prompt_hash
    group by p.group_id
    having count(*) >= $min_canaries
),
judged as (
    select
        p.*,
        coalesce(a.n_accounts, 0) as n_accounts,
        p.n_canaries / nullif(p.n_recurring, 0) as share,
        (l.n_canaries - p.n_canaries) / nullif(l.n - p.n_recurring, 0) as rest_share
    from per_group as p
    left join group_accounts_of_canaries as a on a.group_id = p.group_id
    cross join log_prompts as l
)
select
    group_id as entity_id,
    n_canaries >= $min_canaries and n_accounts >= $min_accounts
    and round(share, 6) >= round($min_lift * coalesce(rest_share, 0), 6) as is_fired,
    round(share, 6) as value,
    round(coalesce(rest_share, 0), 6)::double as baseline,
    round($min_lift * coalesce(rest_share, 0), 6)::double as threshold,
    coalesce(n_exchanges, 0)::bigint as n_exchanges,
    n_accounts,
    n_canaries,
    n_recurring,
    round(rest_share, 6) as rest_share,
    round(distance_s / 3600, 3) as median_distance_h,
    share_cold,
    n_different_answers
from judged
order by entity_id
