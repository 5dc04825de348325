/*---
title = "Evidence for and against, as written down by the assessment"
reads = ["campaign_evidence"]
---*/
select *
from campaign_evidence
order by campaign_id, case side when 'for' then 0 when 'against' then 1 else 2 end, source, entity_id, statement
