/*---
id = "structure.prompt_diversity"
code = "S4"
title = "A group's prompts are more, or less, diverse than those of the log's accounts"
status = "experimental"
level = "informational"
description = "Different prompts per exchange, measured on samples of equal size so that large groups and small accounts compare. It fires on both sides and says which: support bots, monitors and rubric grading repeat; work lists do not. Neither side is evidence of a harvest by itself."
entity = "group"
sees = "$min_accounts accounts with $min_exchanges prompts whose share of different prompts in $sample_size exchanges lies outside the central 90 % of the log's accounts."
volume = "a group of at least $min_accounts accounts with at least $min_exchanges prompts, and $min_reference_accounts accounts with at least $sample_size prompts as comparison"
reads = ["account_profiles", "exchange_features", "group_exchanges", "groups"]
needs = ["account_id", "started_at", "prompt_text|prompt_sha256"]
params.min_accounts = { default = 20, unit = "accounts", why = "personal pools of two to six subscriptions are common and no harvest" }
params.min_exchanges = { default = 200, unit = "exchanges", why = "ten per account in the smallest group" }
params.sample_size = { default = 50, unit = "exchanges", why = "small enough that many accounts have as many, large enough that repetition shows" }
params.min_reference_accounts = { default = 30, unit = "accounts", why = "the 5th and 95th percentile need them" }
params.n_reference_accounts = { default = 2000, unit = "accounts", why = "a sample by the hash of the id bounds the cost" }
output.direction = { unit = "word", meaning = "more_diverse or less_diverse than the median account, or same" }
output.n_distinct_prompts = { unit = "prompts", meaning = "different prompts in the whole group" }
output.lower_reference = { unit = "share", meaning = "5th percentile over accounts" }
output.upper_reference = { unit = "share", meaning = "95th percentile over accounts" }
output.n_reference_accounts = { unit = "accounts", meaning = "accounts behind the reference" }
value = { unit = "share", meaning = "expected different prompts in sample_size exchanges of the group / sample_size; baseline: median over accounts" }
falsepositives = ["less diverse: support bots, monitors, load tests, classes with one exercise", "more diverse: translation and catalogue jobs, agents whose prompts carry paths and times"]
limitations = ["real harvests lie on both sides: rubric grading repeats more than most people, reasoning and code harvests hardly repeat at all", "compares exact prompts after normalisation; near-duplicates count as different"]
references = ["S. H. Hurlbert, The nonconcept of species diversity, Ecology 52 (1971): rarefaction", "C. Shaib et al., Standardizing the measurement of text diversity, arXiv 2403.00553"]
tags = ["owasp.LLM10"]
author = "distilforensics"
date = "2026-11-23"
modified = "2026-11-23"
version = 1
---*/
with large_groups as (
    select group_id, n_accounts
    from groups
    where kind <> 'prompt' and n_accounts >= $min_accounts and n_exchanges >= $min_exchanges
),
sampled as (
    select account_id
    from account_profiles
    where n_with_prompt >= $sample_size
    order by md5(account_id), account_id
    limit $n_reference_accounts
),
repeats as (
    select true as is_group, e.group_id as unit, e.prompt_hash, count(*) as n
    from group_exchanges as e
    semi join large_groups as g on g.group_id = e.group_id
    where e.prompt_hash is not null
    group by e.group_id, e.prompt_hash
    union all
    select false, e.account_id, e.prompt_hash, count(*)
    from exchange_features as e
    semi join sampled as s on s.account_id = e.account_id
    where e.prompt_hash is not null
    group by e.account_id, e.prompt_hash
),
-- A prompt seen n times out of N is in a thinned sample of m exchanges with probability 1 - (1 - m / N) ^ n.
spectrum as (
    select is_group, unit, n, count(*) as n_prompts, sum(n * count(*)) over (partition by is_group, unit)::bigint as n_exchanges
    from repeats
    group by is_group, unit, n
),
measured as (
    select
        is_group,
        unit,
        n_exchanges,
        sum(n_prompts)::bigint as n_distinct_prompts,
        sum(n_prompts * (1 - pow(1 - $sample_size / nullif(n_exchanges, 0), n)) order by n) / nullif($sample_size, 0) as diversity
    from spectrum
    where n_exchanges >= case when is_group then $min_exchanges else $sample_size end
    group by is_group, unit, n_exchanges
),
reference as (
    select
        median(diversity) as middle,
        quantile_cont(diversity, 0.05) as lower_end,
        quantile_cont(diversity, 0.95) as upper_end,
        count(*) as n_accounts
    from measured
    where not is_group
    having count(*) >= $min_reference_accounts
),
judged as (
    select
        m.*,
        r.*,
        round(m.diversity, 6) > round(r.upper_end, 6) as is_more,
        round(m.diversity, 6) < round(r.lower_end, 6) as is_less
    from measured as m
    cross join reference as r
    where m.is_group
)
select
    j.unit as entity_id,
    j.is_more or j.is_less as is_fired,
    j.diversity as value,
    j.middle as baseline,
    case when j.diversity < j.middle then j.lower_end else j.upper_end end as threshold,
    j.n_exchanges,
    g.n_accounts,
    case when j.is_more then 'more_diverse' when j.is_less then 'less_diverse' else 'same' end as direction,
    j.n_distinct_prompts,
    j.lower_end as lower_reference,
    j.upper_end as upper_reference,
    j.n_accounts as n_reference_accounts
from judged as j
join large_groups as g on g.group_id = j.unit
order by entity_id
