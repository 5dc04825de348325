/*---
title = "Requests of a campaign per day"
reads = ["campaign_exchanges"]
---*/
select started_at::date as day, count(*) as n_requests
from campaign_exchanges
where campaign_id = $campaign_id and is_own
group by day
order by day
