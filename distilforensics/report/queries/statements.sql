/*---
title = "What else was observed on a campaign: tests that fired, other traffic, what could not be judged"
reads = ["campaign_evidence"]
---*/
select side, source, statement, n_exchanges as n_requests, n_accounts
from campaign_evidence
where campaign_id = $campaign_id and not regexp_matches(source, '^(fact|operator|confounder)[.]')
order by list_position(['for', 'against', 'neutral'], side), source, entity_id, statement
