/*---
title = "Cost of the campaign's requests as the log states it, US dollars"
reads = ["campaign_exchanges", "exchanges"]
---*/
select count(e.cost_usd) as n_with_cost, round(sum(e.cost_usd), 2) as cost_usd
from campaign_exchanges as c
join exchanges as e on e.record_id = c.record_id
where c.campaign_id = $campaign_id and c.is_own and e.cost_usd is not null
