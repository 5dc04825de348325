/*---
id = "harvest.output_volume"
code = "H11"
title = "A small part of the accounts buys a large part of the log's output through one template"
status = "experimental"
level = "lead"
description = "Share of all output tokens of the log that a group receives, against its share of accounts. It says how much was collected, which matters for the size of a harvest; honest heavy customers look the same."
entity = "group"
sees = "$min_accounts accounts with $min_exchanges exchanges that receive $min_share of all output tokens, and $min_lift times their share of accounts."
volume = "a group of at least $min_accounts accounts with at least $min_exchanges exchanges that carry output tokens"
reads = ["account_profiles", "group_exchanges", "groups"]
needs = ["account_id", "started_at", "output_tokens"]
partition = "group"
params.min_accounts = { default = 20, unit = "accounts", why = "personal pools of two to six subscriptions are common and no harvest" }
params.min_exchanges = { default = 200, unit = "exchanges", why = "ten per account in the smallest group" }
params.min_share = { default = 0.02, unit = "share of output tokens", why = "one token in fifty of the whole log is more than a side activity" }
params.min_lift = { default = 3, unit = "ratio to the share of accounts", why = "volumes of customers are heavy-tailed; groups of twenty and more average that out" }
output.output_tokens = { unit = "tokens", meaning = "output tokens of the group" }
output.output_tokens_per_account = { unit = "tokens", meaning = "the same per account" }
output.account_share = { unit = "share", meaning = "accounts of the group / accounts of the log" }
value = { unit = "share of output tokens", meaning = "output tokens of the group / output tokens of the log; baseline: its share of accounts" }
falsepositives = ["the heaviest honest customers: single clients send a seventh to a third of a model's requests in public traces", "products that write long texts"]
limitations = ["a campaign spread thin over many accounts has no more than its share", "in a log that was cut to suspects, every share is large"]
references = ["ServeGen: workload characterization of large language model serving, arXiv 2505.09999", "OWASP LLM10:2025 Unbounded Consumption"]
tags = ["atlas.AML.T0024.002", "owasp.LLM10"]
author = "distilforensics"
date = "2026-11-23"
modified = "2026-11-23"
version = 1
---*/
with totals as (
    select count(*) as n_accounts, sum(output_tokens)::bigint as output_tokens from account_profiles
),
large_groups as (
    select group_id, n_accounts
    from groups
    where n_accounts >= $min_accounts and n_exchanges >= $min_exchanges
),
measured as (
    select e.group_id, count(*) as n_exchanges, sum(e.output_tokens)::bigint as output_tokens
    from group_exchanges as e
    semi join large_groups as g on g.group_id = e.group_id
    where e.output_tokens is not null
    group by e.group_id
    having count(*) >= $min_exchanges
),
judged as (
    select
        m.*,
        g.n_accounts,
        m.output_tokens / nullif(t.output_tokens, 0) as output_share,
        g.n_accounts / nullif(t.n_accounts, 0) as account_share
    from measured as m
    join large_groups as g on g.group_id = m.group_id
    cross join totals as t
    where t.output_tokens > 0
)
select
    group_id as entity_id,
    output_share >= greatest($min_share, $min_lift * account_share) as is_fired,
    output_share as value,
    account_share as baseline,
    greatest($min_share, $min_lift * account_share)::double as threshold,
    n_exchanges,
    n_accounts,
    output_tokens,
    output_tokens / nullif(n_accounts, 0) as output_tokens_per_account,
    account_share
from judged
order by entity_id
