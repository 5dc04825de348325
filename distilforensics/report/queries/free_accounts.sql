/*---
title = "Accounts that were still free when each of the first ten reported candidates was found"
reads = ["account_calls", "candidate_steps", "reported_candidates", "step_accounts"]
is_relation = true
---*/
with found as (
    select a.candidate, a.account_id
    from step_accounts as a
    join (select candidate, max(step) as step from candidate_steps group by candidate) as l on l.candidate = a.candidate and l.step = a.step
)
select r.candidate, a.account_id, a.n_exchanges
from reported_candidates as r
cross join account_calls as a
where not exists (select 1 from found as f where f.account_id = a.account_id and f.candidate < r.candidate)
