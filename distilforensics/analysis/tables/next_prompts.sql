/*---
reads = ["customers", "exchange_features"]
partition = { exchange_features = "prompt_hash" }
order = "record_id"
---*/
select
    e.record_id,
    e.prompt_hash,
    e.account_id,
    c.customer,
    lead(e.record_id) over repetition as next_record_id,
    lead(e.account_id) over repetition as next_account_id,
    lead(c.customer) over repetition as next_customer,
    lead(e.status) over repetition as next_status,
    lead(e.model) over repetition as next_model,
    lead(e.is_refused) over repetition as next_is_refused,
    epoch_us(lead(e.started_at) over repetition) - epoch_us(e.started_at) as delay_us
from exchange_features as e
join customers as c on c.account_id = e.account_id
where e.prompt_hash is not null
window repetition as (partition by e.prompt_hash order by e.started_at, e.record_id)
qualify lead(e.record_id) over repetition is not null
order by e.record_id
