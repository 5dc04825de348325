/*---
reads = ["template_exchanges", "exchange_features", "candidate_members", "candidate_templates"]
description = "Exchanges of members that carry the candidate's templates, or all of their exchanges if it has none"
---*/
with carried as (
    select distinct m.candidate_id, e.record_id, e.account_id, e.started_at
    from candidate_templates as t
    join template_exchanges as e on e.template_id = t.template_id
    join candidate_members as m on m.candidate_id = t.candidate_id and m.account_id = e.account_id
)
select candidate_id, record_id, account_id, started_at from carried
union all
select m.candidate_id, e.record_id, e.account_id, e.started_at
from candidate_members as m
anti join candidate_templates as t on t.candidate_id = m.candidate_id
join exchange_features as e on e.account_id = m.account_id
