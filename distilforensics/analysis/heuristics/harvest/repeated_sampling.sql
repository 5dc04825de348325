/*---
id = "harvest.repeated_sampling"
code = "H2"
title = "A group has the same prompts answered several times over on different accounts"
status = "experimental"
level = "medium"
description = "Rejection sampling and preference data need several answers to one prompt. Every prompt is followed over the whole log, whatever account sent it: a prompt counts as sampled if it was answered several times and accounts of different customers asked it. The share of a group's answers that belong to sampled prompts is compared with the rest of the log. How the answers end and how long they are is reported beside it."
entity = "group"
sees = "$min_accounts accounts with $min_exchanges answered exchanges, a share of $min_share of which, and $min_lift times that of the rest of the log, belongs to prompts of $min_prompt_chars characters or more that were answered $min_samples times or more for different customers; at least $min_sampled_prompts such prompts."
volume = "a group of at least $min_accounts accounts with at least $min_exchanges answered exchanges, and $min_rest answered exchanges of other accounts"
reads = ["all_group_accounts", "customers", "exchange_features", "group_exchanges", "groups"]
needs = ["account_id", "started_at", "prompt_text|prompt_sha256"]
params.min_accounts = "group_accounts"
params.min_exchanges = "distribution_exchanges"
params.min_samples = { default = 4, unit = "answers per prompt", why = "a prompt that is tried again after a dissatisfying answer has two or three; best-of-n starts at four" }
params.min_prompt_chars = "long_prompt_chars"
params.min_sampled_prompts = "group_exchanges"
params.min_share = "popular_share"
params.min_lift = "lift"
params.min_rest = "distribution_exchanges"
output.n_sampled_prompts = { unit = "prompts", meaning = "different sampled prompts among the group's answers" }
output.n_sampled = { unit = "exchanges", meaning = "answers of the group to sampled prompts" }
output.n_sampling_accounts = { unit = "accounts", meaning = "accounts of the group with such an answer" }
output.typical_samples = { unit = "answers", meaning = "median number of answers per sampled prompt, over the whole log; a fixed number of samples shows here" }
output.share_several_choices = { unit = "share of the group's answers", meaning = "calls that ask for $min_samples answers at once; NULL where the number is not logged" }
output.share_cut_off = { unit = "share of answers with a finish reason", meaning = "answers that ended at the length limit; NULL where none is logged" }
output.median_output_tokens = { unit = "tokens", meaning = "median length of the group's answers; NULL where none is logged" }
value = { unit = "share of the group's answers", meaning = "answers that belong to sampled prompts; baseline: the same over all accounts that are not in the group" }
falsepositives = ["a large course or an examination in which hundreds of fixed exercises are pasted", "a product that sends fixed prompts on behalf of its users, such as one per catalogue entry", "a published benchmark that independent teams run in the same weeks; between them they repeat each item"]
limitations = ["samples that one account takes alone, or that are asked for at once by n, are reported and do not count: products for self-consistency work like this", "a prompt that is varied for every sample is a new prompt", "logs that are sampled by exchange lose repetitions"]
references = ["Anthropic, Detecting and preventing distillation attacks, 23 February 2026: tasks for reinforcement learning, grading by rubric", "OWASP LLM10:2025 Unbounded Consumption, functional model replication"]
tags = ["atlas.AML.T0024.002", "atlas.AML.T0005.001", "owasp.LLM10"]
author = "distilforensics"
date = "2026-11-25"
modified = "2026-11-30"
version = 4
---*/
with prompt_customers as (
    select e.prompt_hash, c.customer, count(*) as n
    from exchange_features as e
    join customers as c on c.account_id = e.account_id
    where e.prompt_hash is not null and e.status = 'ok' and coalesce(e.prompt_chars, $min_prompt_chars) >= $min_prompt_chars
    group by e.prompt_hash, c.customer
),
sampled as (
    select prompt_hash, sum(n)::bigint as n_answers
    from prompt_customers
    group by prompt_hash
    having sum(n) >= $min_samples and count(*) >= 2
),
account_answers as (
    select e.account_id, count(*) as n, count(s.prompt_hash) as n_sampled
    from exchange_features as e
    left join sampled as s on s.prompt_hash = e.prompt_hash
    where e.prompt_hash is not null and e.status = 'ok'
    group by e.account_id
),
log_answers as (
    select coalesce(sum(n), 0)::bigint as n, coalesce(sum(n_sampled), 0)::bigint as n_sampled from account_answers
),
large_groups as (
    select group_id, n_accounts
    from groups
    where n_accounts >= $min_accounts and n_exchanges >= $min_exchanges
),
members as (
    select a.group_id, sum(m.n)::bigint as n, sum(m.n_sampled)::bigint as n_sampled
    from all_group_accounts as a
    semi join large_groups as g on g.group_id = a.group_id
    join account_answers as m on m.account_id = a.account_id
    group by a.group_id
),
inside as (
    select
        e.group_id,
        count(*) as n,
        count(s.prompt_hash) as n_sampled,
        count(distinct e.account_id) filter (where s.prompt_hash is not null) as n_sampling_accounts,
        count(*) filter (where e.n_choices >= $min_samples) / nullif(count(e.n_choices), 0) as share_several_choices,
        count(*) filter (where e.finish_reason = 'length') / nullif(count(e.finish_reason), 0) as share_cut_off,
        median(e.output_tokens) as median_output_tokens
    from group_exchanges as e
    semi join large_groups as g on g.group_id = e.group_id
    left join sampled as s on s.prompt_hash = e.prompt_hash
    where e.prompt_hash is not null and e.status = 'ok'
    group by e.group_id
    having count(*) >= $min_exchanges
),
group_prompts as (
    select e.group_id, e.prompt_hash, min(s.n_answers) as n_answers
    from group_exchanges as e
    semi join inside as i on i.group_id = e.group_id and i.n_sampled > 0
    join sampled as s on s.prompt_hash = e.prompt_hash
    where e.status = 'ok'
    group by e.group_id, e.prompt_hash
),
prompts as (
    select group_id, count(*) as n_prompts, median(n_answers) as typical_samples from group_prompts group by group_id
),
judged as (
    select
        i.*,
        g.n_accounts,
        coalesce(p.n_prompts, 0) as n_sampled_prompts,
        p.typical_samples,
        i.n_sampled / nullif(i.n, 0) as share,
        (l.n_sampled - m.n_sampled) / nullif(l.n - m.n, 0) as rest_share
    from inside as i
    join large_groups as g on g.group_id = i.group_id
    join members as m on m.group_id = i.group_id
    left join prompts as p on p.group_id = i.group_id
    cross join log_answers as l
    where l.n - m.n >= $min_rest
)
select
    group_id as entity_id,
    round(share, 6) >= round(greatest($min_share, $min_lift * rest_share), 6)
    and n_sampled_prompts >= $min_sampled_prompts
    and n_sampling_accounts >= $min_accounts as is_fired,
    round(share, 6) as value,
    round(rest_share, 6) as baseline,
    round(greatest($min_share, $min_lift * rest_share), 6)::double as threshold,
    n as n_exchanges,
    n_accounts,
    n_sampled_prompts,
    n_sampled,
    n_sampling_accounts,
    typical_samples,
    share_several_choices,
    share_cut_off,
    median_output_tokens
from judged
order by entity_id
