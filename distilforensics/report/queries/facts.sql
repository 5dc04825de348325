/*---
title = "What was found for and against a campaign, strongest kind first"
reads = ["campaign_evidence", "heuristic_states", "campaigns"]
---*/
select
    e.side, e.source, coalesce(h.title, '') as title, coalesce(h.family, 'facts') as family, e.statement, e.value, e.baseline,
    e.n_exchanges as n_requests, e.n_accounts, e.record_ids,
    coalesce(list_contains(c.heuristics, e.source), false) as bears_grade
from campaign_evidence as e
join campaigns as c on c.campaign_id = e.campaign_id
left join heuristic_states as h on h.heuristic_id = e.source
where e.campaign_id = $campaign_id and not starts_with(e.source, 'confounder.')
order by
    list_position(['for', 'against', 'neutral'], e.side), bears_grade desc,
    list_position(['coordination', 'infrastructure', 'harvest', 'structure', 'evasion', 'facts'], coalesce(h.family, 'facts')), e.source, e.entity_id, e.statement
