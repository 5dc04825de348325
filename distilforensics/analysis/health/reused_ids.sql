/*---
title = "Request ids that stand on several records"
reads = ["exchanges", "duplicates"]
columns = []
facts = []
costs_from = 0.01
costs = "Repeated records cannot be told by their id; some calls may be counted twice, and numbers of calls may be too high."
---*/
with ids as (
    select e.request_id, count(*) as n, min(e.record_id) as example
    from exchanges as e
    anti join duplicates as d on d.record_id = e.record_id
    where e.request_id is not null
    group by e.request_id
)
select
    'request id' as part, coalesce(sum(n) filter (n > 1), 0)::bigint as n_affected, coalesce(sum(n), 0)::bigint as n_checked,
    case when max(n) > 1 then 'up to ' || max(n) || ' records with one id' end as detail,
    min(example) filter (n > 1) as example, null::varchar[] as columns
from ids
