/*---
title = "Requests and accounts per day of the log"
reads = ["exchange_features"]
---*/
select started_at::date as day, count(*) as n_requests, count(distinct account_id) as n_accounts
from exchange_features
group by day
order by day
