/*---
title = "Times in whole seconds or coarser"
reads = ["exchange_features"]
columns = []
concerns = "order"
facts = ["handover", "scheduler", "synchrony"]
costs_from = 0.5
costs = "The order of calls that fall together is lost, and pauses below it cannot be told apart."
---*/
select
    'time' as part, count(*) filter (time_resolution_us >= 1000000) as n_affected, count(time_resolution_us) as n_checked,
    case when max(time_resolution_us) >= 1000000 then 'up to ' || max(time_resolution_us) // 1000000 || ' s' end as detail,
    min(record_id) filter (time_resolution_us >= 1000000) as example, null::varchar[] as columns
from exchange_features
