/*---
title = "The exchanges that are read: of every account the ones with the smallest hash of the record id"
reads = ["exchange_features", "read_accounts"]
params = ["max_account_exchanges"]
---*/
with smallest as (
    select a.account_no, arg_min(e.record_id, (md5(e.record_id), e.record_id), $max_account_exchanges) as record_ids
    from exchange_features as e
    join read_accounts as a on a.account_id = e.account_id
    group by a.account_no
)
select account_no, unnest(record_ids) as record_id, generate_subscripts(record_ids, 1) as place
from smallest
