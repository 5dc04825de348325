/*---
title = "How often another account of the campaign sent a limited or failed request again, with two controls"
reads = ["campaign_exchanges", "handovers", "repeats", "exchange_features", "accounts", "account_profiles"]
---*/
with own as (
    select
        count(*) filter (status in ('limited', 'error', 'blocked')) as n_failed,
        count(*) filter (status = 'limited') as n_limited,
        count(*) filter (status = 'error') as n_errors,
        count(*) filter (status = 'blocked') as n_blocked,
        count(*) filter (status = 'ok') as n_answered
    from campaign_exchanges
    where campaign_id = $campaign_id and is_own and prompt_hash is not null
),
moved as (
    select
        count(*) as n_moved,
        count(distinct (h.account_id, h.next_account)) as n_pairs,
        count(distinct h.account_id) as n_from,
        round(median(h.delay_us) / 1000000, 1) as median_seconds,
        round(max(h.delay_us) / 1000000, 1) as longest_seconds,
        count(*) filter (a.payment_fingerprint = b.payment_fingerprint) as n_same_payment
    from handovers as h
    left join account_profiles as a on a.account_id = h.account_id
    left join account_profiles as b on b.account_id = h.next_account
    where h.campaign_id = $campaign_id
),
after_success as (
    select count(*) as n_answered_moved
    from campaign_exchanges as e
    join repeats as r on r.record_id = e.record_id
    where e.campaign_id = $campaign_id and e.is_own and e.status = 'ok' and r.next_account <> r.account_id
),
others as (
    select
        count(*) as n_failed_others,
        count(*) filter (r.next_account <> f.account_id) as n_moved_others
    from exchange_features as f
    join accounts as a on a.account_id = f.account_id
    left join repeats as r on r.record_id = f.record_id
    where a.campaign_id is null and f.prompt_hash is not null and f.status in ('limited', 'error', 'blocked')
)
select * from own, moved, after_success, others
