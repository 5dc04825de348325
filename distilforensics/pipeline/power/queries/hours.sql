/*---
title = "Exchanges of unaccused accounts per hour of the log"
reads = ["exchange_features", "accounts"]
---*/
select date_trunc('hour', started_at) as hour, count(*) as n
from exchange_features
semi join (select account_id from accounts where campaign_id is null) as a using (account_id)
group by hour
order by hour
