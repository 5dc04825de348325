/*---
id = "confounder.shared_assignment"
title = "One list of tasks that everybody gets: a course, a challenge, a benchmark"
question = "Does every account send the same list, instead of its own part of one?"
priority = 3
reads = ["candidate_members", "candidate_features"]
params.applies_share = { default = 0.5, unit = "share of the members that send a prompt, mean over exchanges", why = "a course or challenge gives everybody the same tasks; who collects answers does not pay again and again for one question" }
params.partly_share = { default = 0.3, unit = "the same", why = "optional tasks and late starters; repeated sampling of one prompt over a few accounts stays far below in a pool of 20 and more" }
params.min_known_share = "half"
references = ["education platforms and public evaluation sets as look-alikes of coordinated accounts"]
version = 1
---*/
with sizes as (
    select candidate_id, count(*) as n_accounts from candidate_members group by candidate_id
),
prompts as (
    select candidate_id, prompt_hash, count(*) as n, count(distinct account_id) as n_accounts
    from candidate_features
    where prompt_hash is not null
    group by candidate_id, prompt_hash
),
shared as (
    select candidate_id, sum(n * n_accounts)::bigint as n_weighted, sum(n)::bigint as n_with_prompt from prompts group by candidate_id
),
totals as (
    select candidate_id, count(*) as n_exchanges from candidate_features group by candidate_id
),
measured as (
    select
        s.candidate_id,
        s.n_accounts,
        coalesce(t.n_exchanges, 0) as n_exchanges,
        case when p.n_with_prompt >= $min_known_share * t.n_exchanges then p.n_weighted / p.n_with_prompt / s.n_accounts end as shared_share
    from sizes as s
    left join totals as t on t.candidate_id = s.candidate_id
    left join shared as p on p.candidate_id = s.candidate_id
)
select
    candidate_id,
    case
        when shared_share >= $applies_share then 'applies'
        when shared_share >= $partly_share then 'partly'
        when shared_share is not null then 'rebutted'
        else 'not_checkable'
    end as verdict,
    round(shared_share, 6) as value,
    $applies_share::double as baseline,
    n_exchanges,
    n_accounts,
    case
        when shared_share >= $partly_share
        then format('The group is consistent with one list of tasks that everybody gets: a prompt is sent by {:.1f} % of the accounts on average.', 100 * shared_share)
        when shared_share is not null
        then format('The accounts do not send one common list: a prompt is sent by {:.1f} % of them on average.', 100 * shared_share)
        else 'Whether the accounts send one common list cannot be settled: prompts are not known.'
    end as statement
from measured
order by candidate_id
