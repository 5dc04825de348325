/*---
reads = ["template_exchanges", "account_profiles"]
description = "What each account sent with a candidate's templates: distinct exchanges, all exchanges of the account, active days, and exchanges by kind of template"
[params]
---*/
-- An exchange carries at most one template of a kind, so that counting rows by kind counts exchanges.
select
    t.candidate_id,
    e.account_id,
    count(distinct e.record_id) as n_exchanges,
    min(p.n_exchanges) as n_all,
    count(distinct e.started_at::date) as n_days,
    count(distinct hour(e.started_at)) as n_hours,
    histogram(split_part(e.template_id, ':', 1)) as n_by_kind
from candidate_templates as t
join template_exchanges as e on e.template_id = t.template_id
join account_profiles as p on p.account_id = e.account_id
group by t.candidate_id, e.account_id
order by t.candidate_id, e.account_id
