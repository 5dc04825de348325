/*---
title = "Share of consecutive exchanges of a group that share a start time written in whole seconds or coarser: their order is not in the log. A clock of unknown resolution counts as coarse."
reads = ["group_exchanges"]
---*/
with instants as (
    select e.group_id, e.started_at, count(*) as n, count(*) filter (where coalesce(e.time_resolution_us, 1000000) >= 1000000) as n_coarse
    from group_exchanges as e
    where e.group_id in (select unnest($groups))
    group by e.group_id, e.started_at
)
select group_id, round(sum(greatest(n_coarse - 1, 0)) / nullif(sum(n) - 1, 0), 6) as tie_share
from instants
group by group_id
having sum(n) > 1
order by group_id
