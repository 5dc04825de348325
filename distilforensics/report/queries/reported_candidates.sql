/*---
title = "The first ten candidates that are reported, campaigns first, with what each began with"
reads = ["candidate_steps"]
is_relation = true
---*/
select * exclude (step, added, removed)
from candidate_steps
where step = 1 and campaign_id is not null
order by campaign_id
limit 10
