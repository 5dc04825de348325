/*---
title = "The exchanges of every group with all columns of exchange_features: those that carry the template, or all exchanges of the accounts of a cluster. No join on record_id is needed."
form = "view"
reads = ["accounts_of_groups", "carried_exchanges", "exchange_features"]
---*/
select carried.*
from carried_exchanges as carried
semi join accounts_of_groups as a on a.group_id = carried.group_id
union all
select a.group_id, e.*
from exchange_features as e
join accounts_of_groups as a on a.account_id = e.account_id
where starts_with(a.group_id, 'cluster:')
