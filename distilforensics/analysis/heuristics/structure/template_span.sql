/*---
id = "structure.template_span"
code = "S1"
title = "One frame filled with many different contents from many accounts"
status = "experimental"
level = "medium"
description = "A text frame (system prompt, beginning or end of the prompt, or a frame that is worded anew) is used by many accounts. Most of their prompts differ in the rest: the frame is filled, not repeated."
entity = "group"
sees = "A frame of at least 48 normalised characters that $min_accounts accounts filled in $min_exchanges exchanges or more, where at least $min_distinct_share of the prompts are different."
volume = "a frame used by at least $min_accounts accounts in at least $min_exchanges exchanges with a prompt"
reads = ["account_profiles", "group_exchanges", "groups", "templates"]
needs = ["account_id", "started_at", "prompt_text|prompt_sha256"]
partition = "group"
params.min_accounts = "group_accounts"
params.min_exchanges = "distribution_exchanges"
params.min_distinct_share = "half"
params.max_account_share = "popular_share"
output.n_distinct_prompts = { unit = "prompts", meaning = "different prompts in the frame" }
output.account_share = { unit = "share", meaning = "accounts of the frame / accounts in the log" }
output.is_product_default = { unit = "flag", meaning = "a system prompt sent by more than max_account_share of all accounts; it does not fire" }
value = { unit = "share", meaning = "different prompts / prompts within the frame; baseline: median over all frames of the log with this volume" }
falsepositives = ["products and plug-ins that send a fixed text with every request", "a course in which many students get one assignment text", "an agency with one client prompt over many sub-accounts", "benchmark and translation runs of one customer with many keys"]
limitations = ["frames whose wording a model replaces entirely are not seen", "the system prompt of a pool that holds more than max_account_share of all accounts is taken for the default of a product", "niche products below max_account_share fire; this heuristic alone says that a frame exists, not who is behind it"]
references = ["Anthropic, Detecting and preventing distillation attacks, 23 February 2026: variations of one prompt, tens of thousands of times, across hundreds of accounts", "NSA, CISA, FBI, joint advisory AA26-251A, 8 September 2026: identical or similar prompt texts"]
tags = ["atlas.AML.T0024.002", "owasp.LLM10"]
author = "distilforensics"
date = "2026-11-23"
modified = "2026-11-30"
version = 3
---*/
with frames as (
    select group_id, kind, n_accounts
    from groups
    where kind in ('system', 'prefix', 'suffix', 'near') and n_accounts >= $min_accounts and n_exchanges >= $min_exchanges
),
-- Counting in two steps keeps the memory bounded; a count of distinct values cannot spill to disk.
fillings as (
    select e.group_id, e.prompt_hash, count(*) as n
    from group_exchanges as e
    semi join frames as f on f.group_id = e.group_id
    where e.prompt_hash is not null
    group by e.group_id, e.prompt_hash
),
measured as (
    select group_id, sum(n)::bigint as n_exchanges, count(*) as n_distinct_prompts
    from fillings
    group by group_id
    having sum(n) >= $min_exchanges
),
reference as (
    select median(n_distinct_prompts / nullif(n_exchanges, 0)) as distinct_share
    from templates
    where kind in ('system', 'prefix', 'suffix', 'near') and n_accounts >= $min_accounts and n_exchanges >= $min_exchanges
),
judged as (
    select
        m.group_id,
        m.n_exchanges,
        m.n_distinct_prompts,
        f.n_accounts,
        m.n_distinct_prompts / nullif(m.n_exchanges, 0) as distinct_share,
        f.n_accounts / nullif(p.n_accounts, 0) as account_share,
        f.kind = 'system' and f.n_accounts / nullif(p.n_accounts, 0) > $max_account_share as is_product_default
    from measured as m
    join frames as f on f.group_id = m.group_id
    cross join (select count(*) as n_accounts from account_profiles) as p
)
select
    j.group_id as entity_id,
    j.distinct_share >= $min_distinct_share and not j.is_product_default as is_fired,
    j.distinct_share as value,
    r.distinct_share as baseline,
    $min_distinct_share::double as threshold,
    j.n_exchanges,
    j.n_accounts,
    j.n_distinct_prompts,
    j.account_share,
    j.is_product_default
from judged as j
cross join reference as r
order by entity_id
