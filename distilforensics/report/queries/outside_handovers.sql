/*---
title = "Limited or failed requests of accounts that are in no campaign and in no group that was examined, and how many of them another such account sent next"
reads = ["accounts", "exchange_features", "households", "work_ties"]
is_relation = true
---*/
with outside as (
    select account_id from accounts where campaign_id is null and grade is null
),
others as (
    select count(*) as n_failed_others
    from exchange_features as f
    join outside as o on o.account_id = f.account_id
    where f.status in ('limited', 'error', 'blocked')
),
others_moved as (
    select count(distinct work) as n_moved_others
    from work_ties
    where kind = 'handover' and relation <> 'same' and account_id in (select account_id from outside)
        and other_account_id in (select account_id from outside)
        and account_id not in (select account_id from households)
)
select * from others, others_moved
