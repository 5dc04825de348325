/*---
description = "The groups whose templates a call carries that is handed over"
reads = ["work_ties", "template_exchanges"]
driver = "rows of handed-over calls"
---*/
with handed as (
    select record_id from work_ties where kind = 'handover' and relation <> 'same'
)
select distinct t.record_id, t.template_id as group_id
from template_exchanges as t
semi join handed as h on h.record_id = t.record_id
order by t.record_id, group_id
