/*---
id = "lib.candidate_carriers"
title = "Every account of the log that carries a candidate's templates, member or not, with its load; the members if the candidate has no templates"
reads = ["candidate_members", "candidate_templates", "exchange_features", "template_exchanges"]
---*/
with carried as (
    select distinct t.candidate_id, e.account_id, e.record_id, e.started_at
    from candidate_templates as t
    join template_exchanges as e on e.template_id = t.template_id
    union all
    select m.candidate_id, e.account_id, e.record_id, e.started_at
    from candidate_members as m
    anti join candidate_templates as t on t.candidate_id = m.candidate_id
    join exchange_features as e on e.account_id = m.account_id
)
select candidate_id, account_id, count(*) as n_exchanges, count(distinct started_at::date) as n_days
from carried
group by candidate_id, account_id
