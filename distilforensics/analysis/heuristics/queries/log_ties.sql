/*---
title = "Share of consecutive exchanges of the whole log that share a start time written in whole seconds or coarser."
reads = ["exchange_features"]
---*/
with instants as (
    select started_at, count(*) as n, count(*) filter (where coalesce(time_resolution_us, 1000000) >= 1000000) as n_coarse
    from exchange_features
    group by started_at
)
select round(sum(greatest(n_coarse - 1, 0)) / nullif(sum(n) - 1, 0), 6) as tie_share
from instants
