/*---
title = "How the accounts of all candidates were found, step by step"
reads = ["candidate_steps"]
---*/
select candidate, campaign_id, step, rule, group_id, n_tried, n_accounts, bits, len(added) as n_added, len(removed) as n_removed
from candidate_steps
order by candidate, step
