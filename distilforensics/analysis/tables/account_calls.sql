/*---
description = "What every account could have handed over: failed calls, calls that go on with a conversation, prompts"
reads = ["exchange_features", "account_profiles"]
partition = { exchange_features = "account_id", account_profiles = "account_id" }
order = "account_id"
params.again_us = { default = 3_600_000_000, unit = "microseconds", why = "as long as a refused call may take to go on at another account" }
---*/
with failed as (
    select record_id, account_id, prompt_hash, started_at
    from exchange_features
    where status in ('limited', 'error', 'blocked') and prompt_hash is not null
),
retried as (
    select f.account_id, count(distinct f.record_id) as n_retried
    from failed as f
    join exchange_features as e
        on e.account_id = f.account_id and e.prompt_hash = f.prompt_hash and e.started_at > f.started_at
        and e.started_at <= f.started_at + to_microseconds($again_us)
    group by f.account_id
),
calls as (
    select
        account_id,
        count(*) filter (where status in ('limited', 'error', 'blocked')) as n_failed,
        count(*) filter (where n_turns >= 3 or session_id is not null) as n_continuing,
        count(prompt_hash) as n_prompts
    from exchange_features
    group by account_id
)
select p.account_id, p.tenant_id, p.organization, p.payment_fingerprint, p.email_domain, p.n_exchanges, c.n_failed, c.n_continuing, c.n_prompts, coalesce(r.n_retried, 0) as n_retried
from account_profiles as p
join calls as c on c.account_id = p.account_id
left join retried as r on r.account_id = p.account_id
order by p.account_id
