/*---
title = "Share of consecutive exchanges of a group that share a start time written in whole seconds or coarser: their order is not in the log. A clock of unknown resolution counts as coarse."
reads = ["group_exchanges"]
---*/
with instants as (
    select e.group_id, count(*) - 1 as n_ties
    from group_exchanges as e
    where e.group_id in (select unnest($groups)) and coalesce(e.time_resolution_us, 1000000) >= 1000000
    group by e.group_id, e.started_at
    having count(*) > 1
),
ties as (
    select group_id, sum(n_ties) as n_ties from instants group by group_id
),
sizes as (
    select group_id, count(*) as n
    from group_exchanges
    where group_id in (select unnest($groups))
    group by group_id
    having count(*) > 1
)
select s.group_id, round(coalesce(t.n_ties, 0) / (s.n - 1), 6) as tie_share
from sizes as s
left join ties as t on t.group_id = s.group_id
order by s.group_id
