/*---
title = "Records that could not be read, by reason, with the place of one"
reads = ["quarantine"]
---*/
select reason, count(*) as n_records, min_by(source_sha256, source_line) as source_sha256, min(source_line) as source_line, min_by(detail, source_line) as detail
from quarantine
group by reason
order by n_records desc, reason
