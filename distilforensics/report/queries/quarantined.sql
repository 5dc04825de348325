/*---
title = "Records that could not be read, by reason, with the place of one"
reads = ["quarantine"]
---*/
with numbered as (
    select *, row_number() over (partition by reason order by source_line, source_sha256, sub_index) as place, count(*) over (partition by reason) as n_records
    from quarantine
)
select reason, n_records, source_sha256, source_line, detail
from numbered
where place = 1
order by n_records desc, reason
