/*---
reads = ["template_exchanges"]
description = "What each account of a candidate sent with its templates: distinct exchanges, active days, first and last"
[params]
---*/
select
    t.candidate_id,
    e.account_id,
    count(distinct e.record_id) as n_exchanges,
    count(distinct e.started_at::date) as n_days
from candidate_templates as t
join template_exchanges as e on e.template_id = t.template_id
group by t.candidate_id, e.account_id
order by t.candidate_id, e.account_id
