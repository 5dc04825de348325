/*---
title = "How many tests fired for a campaign, how many of them bear the grade, and how many stayed silent"
reads = ["campaign_evidence", "campaigns"]
---*/
select
    count(*) filter (e.side = 'for') as n_for,
    count(*) filter (e.side = 'for' and list_contains(c.heuristics, e.source)) as n_bearing,
    count(*) filter (e.side = 'against' and contains(e.source, '.') and not starts_with(e.source, 'facts.') and not starts_with(e.source, 'confounder.')) as n_silent
from campaign_evidence as e
join campaigns as c on c.campaign_id = e.campaign_id
where e.campaign_id = $campaign_id
