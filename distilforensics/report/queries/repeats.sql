/*---
title = "Requests whose prompt is sent again within a minute, with the next request that carries the same prompt, anywhere in the log"
reads = ["exchange_features"]
is_relation = true
---*/
with followed as (
    select
        record_id, account_id, started_at, status,
        lead(record_id) over again as next_record_id,
        lead(account_id) over again as next_account,
        lead(started_at) over again as next_started_at,
        lead(status) over again as next_status
    from exchange_features
    where prompt_hash is not null
    window again as (partition by prompt_hash order by started_at, record_id)
)
select *, epoch_us(next_started_at) - epoch_us(started_at) as delay_us
from followed
where epoch_us(next_started_at) - epoch_us(started_at) <= 60000000
