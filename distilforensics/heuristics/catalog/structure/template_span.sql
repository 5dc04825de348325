/*---
id = "structure.template_span"
code = "S1"
title = "One frame filled with many different contents from many accounts"
status = "experimental"
level = "medium"
description = "A text frame (system prompt, beginning or end of the prompt) is used by many accounts, and most of their prompts differ in the rest: the frame is filled, not repeated."
entity = "group"
sees = "A frame of at least 48 normalised characters that $min_accounts accounts together filled with $min_distinct_prompts different contents, at least $min_distinct_share of its exchanges being different."
volume = "a frame used by at least $min_accounts accounts in at least $min_exchanges exchanges with a prompt"
reads = ["account_profiles", "group_exchanges", "groups"]
needs = ["account_id", "started_at", "prompt_text|prompt_sha256|system_text|system_sha256"]
params.min_accounts = { default = 20, unit = "accounts", why = "personal pools of two to six subscriptions are common and no harvest; teams rarely have twenty accounts that share a text and nothing else" }
params.min_exchanges = { default = 200, unit = "exchanges", why = "ten per account on the smallest group; below that, shares of distinct prompts say little" }
params.min_distinct_prompts = { default = 150, unit = "prompts", why = "a frame with few fillings is a form letter or a lesson, not a work list" }
params.min_distinct_share = { default = 0.5, unit = "share", why = "half of all uses bring a new content; frames of support bots and monitors repeat far more (real support and agent sets: 0.03 to 0.4)" }
params.max_account_share = { default = 0.2, unit = "share of accounts", why = "a system prompt used by a fifth of all accounts is a product default: popular is not linked" }
output.n_distinct_prompts = { unit = "prompts", meaning = "different prompts in the frame" }
output.account_share = { unit = "share", meaning = "accounts of the frame / accounts in the log" }
output.is_product_default = { unit = "flag", meaning = "a system prompt above max_account_share; it does not fire" }
value = { unit = "share", meaning = "different prompts / exchanges with a prompt, within the frame; baseline: median over all judged frames" }
falsepositives = ["products and plug-ins that send a fixed beginning", "courses in which many students get one assignment text", "agencies with one client prompt over many sub-accounts", "benchmark and translation runs of one customer with many keys"]
limitations = ["frames that are rephrased by a model for every request are not seen", "the system prompt of a pool that holds more than max_account_share of all accounts is taken for a product default"]
references = ["Anthropic, Detecting and preventing distillation attacks, 23 February 2026", "NSA, CISA, FBI: AA26-251A, 8 September 2026"]
tags = ["atlas.AML.T0024.002", "owasp.LLM10"]
author = "distilforensics"
date = "2026-11-23"
modified = "2026-11-23"
version = 1
---*/
with frames as (
    select group_id, kind, n_accounts
    from groups
    where kind in ('system', 'prefix', 'suffix') and n_accounts >= $min_accounts and n_exchanges >= $min_exchanges
),
measured as (
    select
        e.group_id,
        count(e.prompt_hash) as n_exchanges,
        count(distinct e.prompt_hash) as n_distinct_prompts
    from group_exchanges as e
    semi join frames as f on f.group_id = e.group_id
    group by e.group_id
    having count(e.prompt_hash) >= $min_exchanges
),
judged as (
    select
        m.group_id,
        m.n_exchanges,
        m.n_distinct_prompts,
        f.n_accounts,
        m.n_distinct_prompts / nullif(m.n_exchanges, 0) as distinct_share,
        f.n_accounts / nullif((select count(*) from account_profiles), 0) as account_share,
        f.kind
    from measured as m
    join frames as f on f.group_id = m.group_id
)
select
    group_id as entity_id,
    n_distinct_prompts >= $min_distinct_prompts
    and distinct_share >= $min_distinct_share
    and not (kind = 'system' and account_share > $max_account_share) as is_fired,
    distinct_share as value,
    median(distinct_share) over () as baseline,
    $min_distinct_share::double as threshold,
    n_exchanges,
    n_accounts,
    n_distinct_prompts,
    round(account_share, 6) as account_share,
    kind = 'system' and account_share > $max_account_share as is_product_default
from judged
order by entity_id
