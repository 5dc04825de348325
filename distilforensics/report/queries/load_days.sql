/*---
title = "How many members sent how many of the campaign's requests on each day"
reads = ["campaign_exchanges"]
---*/
with counted as (
    select started_at::date as day, account_id, count(*) as n_requests
    from campaign_exchanges
    where campaign_id = $campaign_id and is_own
    group by day, account_id
)
select day, n_requests, count(*) as n_accounts
from counted
group by day, n_requests
order by day, n_requests
