/*---
reads = ["candidate_exchanges"]
description = "Exchanges of each member that are the candidate's own"
---*/
select candidate_id, account_id, count(*) as n_exchanges
from candidate_exchanges
group by candidate_id, account_id
order by candidate_id, account_id
