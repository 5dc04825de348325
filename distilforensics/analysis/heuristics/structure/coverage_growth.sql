/*---
id = "structure.coverage_growth"
code = "S5"
title = "A group keeps bringing new prompts where single accounts already repeat theirs"
status = "experimental"
level = "low"
description = "The share of a group's exchanges whose prompt occurs exactly once in the group is the Good-Turing estimate of the chance that its next prompt is new. People and products come back to prompts; a pass over a work list does not, however long it runs."
entity = "group"
sees = "$min_accounts accounts with $min_exchanges exchanges whose prompts repeat, at 99 % confidence, at most $max_repeat_ratio times as often as those of the median account outside, although the group has $min_size_ratio times as many occasions to repeat."
volume = "a group of at least $min_accounts accounts with at least $min_exchanges prompts, and $min_reference_accounts accounts outside with $min_reference_exchanges prompts"
reads = ["account_profiles", "all_group_accounts", "exchange_features", "group_exchanges", "groups"]
needs = ["account_id", "started_at", "prompt_text|prompt_sha256"]
params.min_accounts = "group_accounts"
params.min_exchanges = "distribution_exchanges"
params.max_repeat_ratio = "half"
params.min_size_ratio = { default = 20, unit = "ratio to the exchanges of the median account", why = "repetition grows with the number of exchanges; a group of the size of one account says nothing, one of twenty times its size should repeat clearly more" }
params.min_reference_accounts = "reference_accounts"
params.min_reference_exchanges = "reference_exchanges"
params.n_reference_accounts = "sampled_accounts"
params.z = "z"
output.n_distinct_prompts = { unit = "prompts", meaning = "different prompts in the group" }
output.n_once = { unit = "prompts", meaning = "prompts that occur exactly once (f1)" }
output.n_twice = { unit = "prompts", meaning = "prompts that occur exactly twice (f2)" }
output.size_ratio = { unit = "ratio", meaning = "prompts of the group / prompts of the median account outside" }
output.lower_bound = { unit = "share", meaning = "lower end of the 99 % Wilson interval of value" }
output.n_reference_accounts = { unit = "accounts", meaning = "sampled accounts outside of the group behind the baseline" }
value = { unit = "share", meaning = "Good-Turing unseen mass f1 / n of the group's prompts; baseline: median of the same over accounts outside of the group" }
falsepositives = ["translation, catalogue and classification jobs, which pass over a list without returning", "agents that write time, path or session into the prompt, so that no two are equal"]
limitations = ["a list in which tasks are tried again, or asked several times on purpose, repeats like people do and stays silent", "silent wherever the accounts of the log hardly repeat either, such as logs of agents", "sampled logs lose repetitions, in the group and in the comparison alike"]
references = ["I. J. Good, The population frequencies of species, Biometrika 40 (1953)", "Anthropic, Detecting and preventing distillation attacks, 23 February 2026: tens of thousands of unique tasks"]
tags = ["atlas.AML.T0024.002", "owasp.LLM10"]
author = "distilforensics"
date = "2026-11-23"
modified = "2026-11-30"
version = 4
---*/
with large_groups as (
    select group_id, n_accounts
    from groups
    where n_accounts >= $min_accounts and n_exchanges >= $min_exchanges
),
group_prompts as (
    select e.group_id, e.prompt_hash, count(*) as n
    from group_exchanges as e
    semi join large_groups as g on g.group_id = e.group_id
    where e.prompt_hash is not null
    group by e.group_id, e.prompt_hash
),
measured as (
    select
        group_id,
        sum(n)::bigint as n_exchanges,
        count(*) as n_distinct_prompts,
        count(*) filter (where n = 1) as n_once,
        count(*) filter (where n = 2) as n_twice,
        count(*) filter (where n = 1) / nullif(sum(n), 0) as unseen
    from group_prompts
    group by group_id
    having sum(n) >= $min_exchanges
),
sampled as (
    select account_id
    from account_profiles
    where n_with_prompt >= $min_reference_exchanges
    order by md5(account_id), account_id
    limit $n_reference_accounts
),
account_prompts as (
    select e.account_id, e.prompt_hash, count(*) as n
    from exchange_features as e
    semi join sampled as s on s.account_id = e.account_id
    where e.prompt_hash is not null
    group by e.account_id, e.prompt_hash
),
accounts as (
    select account_id, sum(n)::bigint as n_exchanges, count(*) filter (where n = 1) / nullif(sum(n), 0) as unseen
    from account_prompts
    group by account_id
),
outside as (
    select
        m.group_id,
        median(a.unseen) as unseen,
        median(a.n_exchanges) as n_exchanges,
        count(*) as n_accounts
    from measured as m
    cross join accounts as a
    anti join all_group_accounts as g on g.group_id = m.group_id and g.account_id = a.account_id
    group by m.group_id
    having count(*) >= $min_reference_accounts
),
bounded as (
    select
        *,
        wilson_low(unseen, n_exchanges, $z) as lower_bound
    from measured
)
select
    b.group_id as entity_id,
    round(b.lower_bound, 6) >= round(1 - $max_repeat_ratio * (1 - r.unseen), 6) and b.n_exchanges >= $min_size_ratio * r.n_exchanges as is_fired,
    b.unseen as value,
    r.unseen as baseline,
    (1 - $max_repeat_ratio * (1 - r.unseen))::double as threshold,
    b.n_exchanges,
    g.n_accounts,
    b.n_distinct_prompts,
    b.n_once,
    b.n_twice,
    b.n_exchanges / nullif(r.n_exchanges, 0) as size_ratio,
    b.lower_bound,
    r.n_accounts as n_reference_accounts
from bounded as b
join large_groups as g on g.group_id = b.group_id
join outside as r on r.group_id = b.group_id
order by entity_id
