/*---
description = "What every account could have handed over: failed calls, calls that go on with a conversation, prompts"
reads = ["exchange_features", "account_profiles", "retried_works"]
partition = { exchange_features = "account_id", account_profiles = "account_id", retried_works = "account_id" }
order = "account_id"
---*/
with calls as (
    select
        account_id,
        count(*) filter (where status in ('limited', 'error', 'blocked')) as n_failed,
        count(*) filter (where n_turns >= 3 or session_id is not null) as n_continuing,
        count(prompt_hash) as n_prompts
    from exchange_features
    group by account_id
),
-- Work that was refused somewhere and is answered here: whether it goes on elsewhere even so.
answered as (
    select account_id, count(*) as n_answered, count(*) filter (where goes_on) as n_answered_again
    from retried_works
    where not is_failed and not is_popular
    group by account_id
)
select
    p.account_id,
    p.tenant_id,
    p.organization,
    p.payment_fingerprint,
    p.email_domain,
    p.n_exchanges,
    c.n_failed,
    c.n_continuing,
    c.n_prompts,
    coalesce(a.n_answered, 0) as n_answered,
    coalesce(a.n_answered_again, 0) as n_answered_again
from account_profiles as p
join calls as c on c.account_id = p.account_id
left join answered as a on a.account_id = p.account_id
order by p.account_id
