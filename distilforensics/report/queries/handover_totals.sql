/*---
title = "How often another account of the campaign sent a limited or failed request next, with two controls; a prompt counts once"
reads = ["handovers", "repeats", "outside_handovers", "exchange_features", "accounts"]
---*/
with own as (
    select
        count(*) filter (f.status in ('limited', 'error', 'blocked')) as n_failed,
        count(*) filter (f.status = 'limited') as n_limited,
        count(*) filter (f.status = 'error') as n_errors,
        count(*) filter (f.status = 'blocked') as n_blocked,
        count(*) filter (f.status = 'ok' and f.prompt_hash is not null) as n_answered
    from exchange_features as f
    join accounts as a on a.account_id = f.account_id
    where a.campaign_id = $campaign_id
),
moved as (
    select
        count(distinct work) as n_moved,
        count(distinct work) filter (relation = 'distinct') as n_distinct,
        count(distinct work) filter (starts_with(work, 'shape|')) as n_shapes,
        count(distinct (account_id, next_account)) as n_pairs,
        count(distinct account_id) as n_from,
        round(median(delay_us) / 1000000, 1) as median_seconds,
        round(max(delay_us) / 1000000, 1) as longest_seconds
    from handovers
    where campaign_id = $campaign_id
),
after_success as (
    select count(*) as n_answered_moved
    from repeats as r
    join accounts as a on a.account_id = r.account_id
    where a.campaign_id = $campaign_id and r.status = 'ok' and r.next_account <> r.account_id
)
select * from own, moved, after_success, outside_handovers
