/*---
title = "Ties by which candidates are found: without those of one customer, and without households"
reads = ["work_ties", "households"]
is_relation = true
---*/
select kind, record_id, account_id, other_account_id, work
from work_ties
where relation <> 'same' and account_id not in (select account_id from households)
