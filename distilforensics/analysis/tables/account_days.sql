/*---
reads = ["exchange_features"]
partition = { exchange_features = "account_id" }
order = "account_id, day"
---*/
select
    account_id,
    started_at::date as day,
    count(*) as n_exchanges,
    sum(output_tokens)::bigint as output_tokens
from exchange_features
group by account_id, started_at::date
order by account_id, day
