/*---
title = "Times without a zone beside times with one"
reads = ["exchanges"]
columns = []
concerns = "order"
facts = ["handover", "synchrony"]
costs_from = 0.01
costs = "Records of two sources may be hours apart from where they belong; --assume-time-zone states the zone of those without one."
---*/
with kinds as (
    select source_sha256, time_kind = 'iso_naive' as is_naive, count(*) as n, min(record_id) as example
    from exchanges
    where time_kind is not null
    group by all
)
select
    'time' as part, case when bool_or(not is_naive) then coalesce(sum(n) filter (is_naive), 0) else 0 end::bigint as n_affected, coalesce(sum(n), 0)::bigint as n_checked,
    case when bool_or(is_naive) and bool_and(is_naive) then 'all times are without a zone' end as detail,
    min(example) filter (is_naive) as example, null::varchar[] as columns
from kinds
