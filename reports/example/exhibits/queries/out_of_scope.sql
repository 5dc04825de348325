with paths as (select source_sha256, min(path) as path from sources where role = 'log' group by source_sha256)
select o.reason, paths.path, o.n_records, o.first_line
from out_of_scope as o left join paths using (source_sha256)
order by o.n_records desc, o.reason, paths.path
