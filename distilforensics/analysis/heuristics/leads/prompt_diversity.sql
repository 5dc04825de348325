/*---
id = "structure.prompt_diversity"
code = "S10"
title = "A group's prompts are clearly more, or less, diverse than those of the log's accounts"
status = "experimental"
level = "lead"
description = "Different prompts per exchange, on samples of equal size so that groups of every size compare. The comparison takes one exchange each from random accounts. It fires on both sides and says which: support bots, classes and rubric grading repeat; work lists do not. Neither side indicates a harvest by itself."
entity = "group"
sees = "$min_accounts accounts with $min_exchanges prompts of which $sample_size random ones hold a share of different prompts that differs by $min_difference from that of $sample_size random accounts."
volume = "a group of at least $min_accounts accounts with at least $min_exchanges prompts, and $sample_size accounts with $min_reference_exchanges prompts in the log"
reads = ["account_profiles", "exchange_features", "group_exchanges", "groups"]
needs = ["account_id", "started_at", "prompt_text|prompt_sha256"]
params.min_accounts = "group_accounts"
params.min_exchanges = "distribution_exchanges"
params.sample_size = { default = 50, unit = "exchanges", why = "large enough that repetition shows, small against the smallest group" }
params.min_difference = "few"
params.min_reference_exchanges = "reference_exchanges"
params.n_reference_accounts = "sampled_accounts"
output.direction = { unit = "word", meaning = "more_diverse, less_diverse or same, by min_difference" }
output.n_distinct_prompts = { unit = "prompts", meaning = "different prompts in the whole group" }
output.distinct_share = { unit = "share", meaning = "different prompts / exchanges of the whole group; falls with size, so compare only groups of like size" }
output.n_reference_accounts = { unit = "accounts", meaning = "sampled accounts behind the baseline" }
value = { unit = "share", meaning = "expected different prompts in sample_size exchanges of the group / sample_size; baseline: the same for one exchange each of sample_size random accounts" }
falsepositives = ["less diverse: support bots, monitors, load tests, classes with one exercise", "more diverse: any ordinary group in a log that is filled by bots"]
limitations = ["real harvests lie on both sides: rubric grading repeats more than most people, reasoning and code harvests hardly repeat at all", "compares exact prompts after normalisation; near-duplicates count as different", "the accounts of the group are part of the comparison where they fall into the sample"]
references = ["S. H. Hurlbert, The nonconcept of species diversity, Ecology 52 (1971): rarefaction", "C. Shaib et al., Standardizing the measurement of text diversity, arXiv 2403.00553"]
tags = ["owasp.LLM10"]
author = "distilforensics"
date = "2026-11-23"
modified = "2026-11-30"
version = 3
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
spectrum as (
    select group_id, n, count(*) as n_prompts, sum(n * count(*)) over (partition by group_id)::bigint as n_exchanges
    from group_prompts
    group by group_id, n
),
-- A prompt seen n times out of N is among m random exchanges with probability 1 - (1 - m / N) ^ n.
measured as (
    select
        group_id,
        n_exchanges,
        sum(n_prompts)::bigint as n_distinct_prompts,
        sum(n_prompts * (1 - pow(1 - $sample_size / nullif(n_exchanges, 0), n)) order by n) / nullif($sample_size, 0) as diversity
    from spectrum
    where n_exchanges >= greatest($min_exchanges, $sample_size)
    group by group_id, n_exchanges
),
sampled as (
    select account_id, n_with_prompt
    from account_profiles
    where n_with_prompt >= $min_reference_exchanges
    order by md5(account_id), account_id
    limit $n_reference_accounts
),
population as (
    select count(*) as n_accounts from sampled having count(*) >= $sample_size
),
account_prompts as (
    select e.account_id, e.prompt_hash, count(*) / nullif(min(s.n_with_prompt), 0) as share
    from exchange_features as e
    join sampled as s on s.account_id = e.account_id
    where e.prompt_hash is not null
    group by e.account_id, e.prompt_hash
),
-- The chance that one random exchange of one random account is this prompt.
prompt_chances as (
    select a.prompt_hash, sum(a.share order by a.share, a.account_id) / nullif(min(p.n_accounts), 0) as chance
    from account_prompts as a
    cross join population as p
    group by a.prompt_hash
),
reference as (
    select
        sum(1 - pow(1 - least(c.chance, 1), $sample_size) order by c.chance) / nullif($sample_size, 0) as diversity,
        min(p.n_accounts) as n_accounts
    from prompt_chances as c
    cross join population as p
    having count(*) > 0
),
judged as (
    select
        m.*,
        r.diversity as reference_diversity,
        r.n_accounts as n_reference_accounts,
        round(m.diversity - r.diversity, 6) as difference
    from measured as m
    cross join reference as r
)
select
    j.group_id as entity_id,
    abs(j.difference) >= $min_difference as is_fired,
    j.diversity as value,
    j.reference_diversity as baseline,
    j.reference_diversity + case when j.difference > 0 then $min_difference else -$min_difference end as threshold,
    j.n_exchanges,
    g.n_accounts,
    case when abs(j.difference) < $min_difference then 'same' when j.difference > 0 then 'more_diverse' else 'less_diverse' end as direction,
    j.n_distinct_prompts,
    j.n_distinct_prompts / nullif(j.n_exchanges, 0) as distinct_share,
    j.n_reference_accounts
from judged as j
join large_groups as g on g.group_id = j.group_id
order by entity_id
