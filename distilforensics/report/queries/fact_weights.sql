/*---
title = "What the facts of a group weigh, in bits"
reads = ["campaign_facts"]
---*/
select fact_id, title, kind, round(weight, 1) as bits, is_counted, is_telling
from campaign_facts
where campaign_id = $campaign_id
order by place
