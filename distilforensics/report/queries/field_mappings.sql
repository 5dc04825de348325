/*---
title = "Which field became which column, in files of no known format"
reads = ["sources", "field_mappings"]
---*/
select s.path, f.column_name, f.field, coalesce(f.mapping, 'told by the names') as mapping, coalesce(f.mapping_sha256, '') as mapping_sha256
from field_mappings as f
join sources as s on s.source_sha256 = f.source_sha256 and s.role = 'log'
order by s.path, f.column_name, f.field
