/*---
title = "Requests whose prompt is sent again within an hour, with the next request that carries it; prompts of more than six accounts left out"
reads = ["exchange_features"]
is_relation = true
---*/
with popular as (
    select prompt_hash from exchange_features where prompt_hash is not null group by prompt_hash having count(distinct account_id) > 6
),
followed as (
    select
        record_id, account_id, status,
        lead(account_id) over again as next_account,
        epoch_us(lead(started_at) over again) - epoch_us(started_at) as delay_us
    from exchange_features
    where prompt_hash is not null and prompt_hash not in (select prompt_hash from popular)
    window again as (partition by prompt_hash order by started_at, record_id)
)
select * from followed where delay_us <= 3600000000
