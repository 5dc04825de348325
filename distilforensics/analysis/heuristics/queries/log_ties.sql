/*---
title = "Share of consecutive exchanges of the whole log that share a start time written in whole seconds or coarser."
reads = ["exchange_features"]
---*/
with instants as (
    select count(*) - 1 as n_ties
    from exchange_features
    where coalesce(time_resolution_us, 1000000) >= 1000000
    group by started_at
    having count(*) > 1
)
select round((select coalesce(sum(n_ties), 0) from instants) / nullif((select count(*) from exchange_features) - 1, 0), 6) as tie_share
