/*---
title = "Times that two instants share"
reads = ["exchanges"]
columns = []
concerns = "order"
facts = ["handover", "synchrony"]
costs_from = 0.001
costs = "The hour in which clocks are put back is there twice; these records stand in one of the two."
---*/
select
    'time' as part, count(*) filter (list_contains(parse_flags, 'ts_ambiguous')) as n_affected, count(started_at) as n_checked,
    null::varchar as detail, min(record_id) filter (list_contains(parse_flags, 'ts_ambiguous')) as example, null::varchar[] as columns
from exchanges
