/*---
title = "The values that several accounts share"
reads = ["account_values"]
partition = { account_values = "attribute, value" }
order = "attribute, value, account_id"
---*/
with shared as (
    select attribute, value from account_values where value is not null group by attribute, value having count(*) > 1
)
select a.account_id, a.attribute, a.value, a.n_exchanges
from account_values as a
semi join shared on shared.attribute = a.attribute and shared.value = a.value
order by a.attribute, a.value, a.account_id
