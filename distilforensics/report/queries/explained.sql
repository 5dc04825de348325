/*---
title = "Groups on which tests fired and which are not reported as campaigns"
reads = ["explained_groups"]
---*/
select group_id, n_accounts, n_exchanges as n_requests, explanation, statement
from explained_groups
order by n_accounts desc, group_id
limit 6
