/*---
id = "harvest.output_harvest_ratio"
code = "H1"
title = "A group buys far more output per input token than the log's accounts"
status = "experimental"
level = "low"
description = "Output tokens per input token of a group, against the accounts of this log that are not in the group. Long completions from short prompts are what a student model is trained on. Models differ in how much they say, so each ratio is taken relative to the median account with the same models."
entity = "group"
sees = "$min_accounts accounts with $min_exchanges answered exchanges that together buy more output per input token than the $quantile quantile of the accounts outside, given the models used, and at least $min_lift times what the median account buys."
volume = "a group of at least $min_accounts accounts with at least $min_exchanges exchanges that carry both token counts, and $min_reference_accounts accounts outside with $min_reference_exchanges such exchanges"
reads = ["all_group_accounts", "exchange_features", "group_exchanges", "groups"]
needs = ["account_id", "started_at", "input_tokens", "output_tokens"]
params.min_accounts = "group_accounts"
params.min_exchanges = "distribution_exchanges"
params.quantile = "nearly_all"
params.min_lift = "lift"
params.min_reference_accounts = "reference_accounts"
params.min_reference_exchanges = "reference_exchanges"
params.n_reference_accounts = "sampled_accounts"
output.outside_percentile = { unit = "share of accounts", meaning = "accounts outside of the group with a smaller ratio, given the models" }
output.output_tokens = { unit = "tokens", meaning = "output tokens of the group" }
output.share_of_limit = { unit = "share", meaning = "output tokens / max_output_tokens where a limit was set; NULL where none was" }
output.n_models = { unit = "models", meaning = "models in the group's exchanges" }
output.n_reference_accounts = { unit = "accounts", meaning = "sampled accounts outside of the group behind the comparison" }
value = { unit = "output tokens per input token", meaning = "sum of output tokens / sum of input tokens in the group; baseline: the median account outside with the same models" }
falsepositives = ["long-form writing, story and code generation products", "evaluation of reasoning models, whose answers are long by nature (ratios of 10 in public benchmark runs)", "chat products whose log leaves the history out of the input"]
limitations = ["tool-use harvests (ratio 0.3) and rubric grading (0.7) lie far below people on long questions (5 to 8): silence says nothing", "padding the input, or relaying conversations with long histories, hides it", "a pool that makes up most accounts of the log leaves few accounts to compare with"]
references = ["Anthropic, Detecting and preventing distillation attacks, 23 February 2026", "OWASP LLM10:2025 Unbounded Consumption, functional model replication"]
tags = ["atlas.AML.T0024.002", "atlas.AML.T0005.001", "owasp.LLM10"]
author = "distilforensics"
date = "2026-11-23"
modified = "2026-11-30"
version = 2
---*/
with account_models as (
    select account_id, coalesce(model, '') as model, count(*) as n, sum(input_tokens)::bigint as input_tokens, sum(output_tokens)::bigint as output_tokens
    from exchange_features
    where input_tokens > 0 and output_tokens > 0
    group by account_id, coalesce(model, '')
),
-- What the median account shows per model; models with few accounts take the median over all models.
all_models as (
    select coalesce(median(log_ratio), 0) as middle
    from (
        select ln(greatest(sum(output_tokens), 1) / nullif(sum(input_tokens), 0)) as log_ratio
        from account_models
        group by account_id
        having sum(n) >= $min_reference_exchanges
    )
),
models as (
    select model, median(ln(greatest(output_tokens, 1) / nullif(input_tokens, 0))) as middle
    from account_models
    where n >= $min_reference_exchanges
    group by model
    having count(*) >= $min_reference_accounts
),
sampled as (
    select
        m.account_id,
        ln(greatest(sum(m.output_tokens), 1) / nullif(sum(m.input_tokens), 0))
        - sum(m.n * coalesce(r.middle, a.middle) order by m.model) / nullif(sum(m.n), 0) as excess
    from account_models as m
    cross join all_models as a
    left join models as r on r.model = m.model
    group by m.account_id
    having sum(m.n) >= $min_reference_exchanges
    order by md5(m.account_id), m.account_id
    limit $n_reference_accounts
),
large_groups as (
    select group_id, n_accounts
    from groups
    where n_accounts >= $min_accounts and n_exchanges >= $min_exchanges
),
group_models as (
    select
        e.group_id,
        coalesce(e.model, '') as model,
        count(*) as n,
        sum(e.input_tokens)::bigint as input_tokens,
        sum(e.output_tokens)::bigint as output_tokens,
        sum(e.output_tokens) filter (where e.max_output_tokens > 0)::bigint as limited_tokens,
        sum(e.max_output_tokens) filter (where e.max_output_tokens > 0)::bigint as limits
    from group_exchanges as e
    semi join large_groups as g on g.group_id = e.group_id
    where e.input_tokens > 0 and e.output_tokens > 0
    group by e.group_id, coalesce(e.model, '')
),
measured as (
    select
        m.group_id,
        sum(m.n)::bigint as n_exchanges,
        count(*) as n_models,
        sum(m.output_tokens)::bigint as output_tokens,
        sum(m.output_tokens) / nullif(sum(m.input_tokens), 0) as ratio,
        sum(m.limited_tokens) / nullif(sum(m.limits), 0) as share_of_limit,
        sum(m.n * coalesce(r.middle, a.middle) order by m.model) / nullif(sum(m.n), 0) as middle
    from group_models as m
    cross join all_models as a
    left join models as r on r.model = m.model
    group by m.group_id
    having sum(m.n) >= $min_exchanges
),
outside as (
    select
        m.group_id,
        median(s.excess) as middle,
        quantile_cont(s.excess, $quantile) as upper_end,
        count(*) filter (where s.excess < ln(nullif(m.ratio, 0)) - m.middle) / nullif(count(*), 0) as percentile,
        count(*) as n_accounts
    from measured as m
    cross join sampled as s
    anti join all_group_accounts as a on a.group_id = m.group_id and a.account_id = s.account_id
    group by m.group_id
    having count(*) >= $min_reference_accounts
),
judged as (
    select
        m.*,
        o.percentile,
        o.n_accounts as n_reference_accounts,
        exp(m.middle + o.middle) as baseline,
        greatest(exp(m.middle + o.upper_end), $min_lift * exp(m.middle + o.middle)) as threshold
    from measured as m
    join outside as o on o.group_id = m.group_id
)
select
    j.group_id as entity_id,
    round(j.ratio, 6) >= round(j.threshold, 6) as is_fired,
    j.ratio as value,
    j.baseline,
    j.threshold,
    j.n_exchanges,
    g.n_accounts,
    j.percentile as outside_percentile,
    j.output_tokens,
    j.share_of_limit,
    j.n_models,
    j.n_reference_accounts
from judged as j
join large_groups as g on g.group_id = j.group_id
order by entity_id
