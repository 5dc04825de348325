/*---
title = "How the accounts of a campaign were found: what it began with, what that weighs, and what later steps changed"
reads = ["candidate_steps"]
---*/
select
    f.rule, f.group_id, f.n_tried, f.n_accounts as n_begun, round(f.bits, 1) as bits,
    count(s.step) as n_further, coalesce(sum(len(s.added)), 0)::bigint as n_added, coalesce(sum(len(s.removed)), 0)::bigint as n_removed
from candidate_steps as f
left join candidate_steps as s on s.candidate = f.candidate and s.step > 1
where f.campaign_id = $campaign_id and f.step = 1
group by all
