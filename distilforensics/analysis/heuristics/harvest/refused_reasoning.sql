/*---
id = "harvest.refused_reasoning"
code = "H12"
title = "The provider says that reasoning in the requests belongs to other organisations or end users"
status = "experimental"
level = "high"
description = "Some providers bind hidden reasoning to the organisation and the end user that received it. When a request carries a block of somebody else, the provider drops or refuses it and writes the reason into the answer. The heuristic counts requests of an account with such a reason. It is the provider's own statement, and needs no text."
entity = "account"
sees = "An account with $min_requests requests or more whose reasoning the provider calls another organisation's or end user's, at a share of its requests at least $min_lift times that of the median account."
volume = "$min_requests requests of one account in which the provider names such a reason"
reads = ["exchange_features"]
needs = ["account_id", "started_at", "reasoning_refusals"]
params.min_requests = "repeats"
params.min_lift = "lift"
output.n_organization = { unit = "requests", meaning = "with reasoning of another organisation" }
output.n_end_user = { unit = "requests", meaning = "with reasoning of another end user" }
output.n_prefix = { unit = "requests", meaning = "with reasoning of another conversation, dropped or refused; clients that shorten their history cause it too, so it is not counted" }
output.n_model = { unit = "requests", meaning = "with reasoning of another model; routers and fallbacks cause it too, so it is not counted" }
output.first_record_id = { unit = "record id", meaning = "smallest record that is counted" }
value = { unit = "share of requests", meaning = "requests with a reason of organisation or end user / all requests of the account; baseline: the median account" }
falsepositives = ["a customer who moves running conversations between its own cloud accounts, projects or keys of two organisations", "a product that gives one session to several of its end users", "a gateway that fails over from one contract of its operator to another"]
limitations = ["only where the provider writes the reason and the log keeps the answer or the error: LiteLLM from 1.110.2, Anthropic objects, Bedrock invocation logs", "a provider that drops the block in silence leaves no trace here", "the reason does not say whose the block was"]
references = ["Anthropic API, preserved thinking: input_transformations with reasons organization_, end_user_, prefix_ and model_binding_mismatch, August 2026", "Panfilov et al., Stealing Reasoning Traces from Proprietary LLM APIs, arXiv 2608.09867"]
tags = ["atlas.AML.T0024.002", "atlas.AML.T0054"]
author = "distilforensics"
date = "2026-11-30"
modified = "2026-11-30"
version = 2
---*/
with accounts as (
    select
        account_id,
        count(*) as n_exchanges,
        count(*) filter (where list_has_any(reasoning_refusals, ['organization_binding_mismatch', 'end_user_binding_mismatch'])) as n_foreign,
        count(*) filter (where list_contains(reasoning_refusals, 'organization_binding_mismatch')) as n_organization,
        count(*) filter (where list_contains(reasoning_refusals, 'end_user_binding_mismatch')) as n_end_user,
        count(*) filter (where list_has_any(reasoning_refusals, ['prefix_binding_mismatch', 'conversation_binding_refused'])) as n_prefix,
        count(*) filter (where list_contains(reasoning_refusals, 'model_binding_mismatch')) as n_model,
        min(record_id) filter (
            where list_has_any(reasoning_refusals, ['organization_binding_mismatch', 'end_user_binding_mismatch'])
        ) as first_record
    from exchange_features
    group by account_id
),
shares as (
    select *, n_foreign / nullif(n_exchanges, 0) as share from accounts
),
usual as (
    select median(share) as share from shares
)
select
    account_id as entity_id,
    n_foreign >= $min_requests and round(a.share, 6) >= round($min_lift * u.share, 6) as is_fired,
    a.share as value,
    u.share as baseline,
    ($min_lift * u.share)::double as threshold,
    n_exchanges,
    1::bigint as n_accounts,
    n_organization,
    n_end_user,
    n_prefix,
    n_model,
    first_record as first_record_id
from shares as a
cross join usual as u
where n_foreign > 0
order by entity_id
