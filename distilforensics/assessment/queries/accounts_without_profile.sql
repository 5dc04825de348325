/*---
reads = ["exchanges", "duplicates", "account_profiles"]
description = "Accounts whose exchanges carry no start, so that nothing could be computed for them"
---*/
select
    e.account_id,
    count(*) as n_exchanges,
    sum(e.output_tokens)::bigint as output_tokens,
    min(e.started_at) as first_seen,
    max(e.started_at) as last_seen,
    min(e.tenant_id) as tenant_id
from exchanges as e
anti join duplicates as d on d.record_id = e.record_id
anti join account_profiles as p on p.account_id = e.account_id
where e.account_id is not null
group by e.account_id
order by e.account_id
