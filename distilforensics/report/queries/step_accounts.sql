/*---
title = "Accounts of the candidates after each step, replayed from what came in and fell out"
reads = ["candidate_steps"]
is_relation = true
---*/
with changes as (
    select candidate, step, unnest(added) as account_id, true as is_in from candidate_steps
    union all
    select candidate, step, unnest(removed), false from candidate_steps
)
select s.candidate, s.step, c.account_id
from candidate_steps as s
join changes as c on c.candidate = s.candidate and c.step <= s.step
group by s.candidate, s.step, c.account_id
having arg_max(c.is_in, c.step)
