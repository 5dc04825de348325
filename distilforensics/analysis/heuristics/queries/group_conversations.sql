/*---
title = "The starts of the conversations of every group: requests of one user turn (with or without a system prompt); where turns are not logged, the first of a session"
reads = ["group_exchanges"]
---*/
select group_id, record_id, account_id, started_at
from group_exchanges
where n_turns <= 2
union all
select group_id, min(record_id), account_id, min(started_at)
from group_exchanges
where n_turns is null and session_id is not null
group by group_id, account_id, session_id
