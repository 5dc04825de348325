with paths as (select source_sha256, min(path) as path from sources where role = 'log' group by source_sha256),
numbered as (
    select
        q.*, paths.path,
        count(*) over (partition by reason) as n_records,
        row_number() over (partition by reason order by paths.path, source_sha256, source_line, sub_index) as place
    from quarantine as q left join paths using (source_sha256)
)
select reason, n_records, path, source_line, source_offset, source_length, detail, raw_prefix, raw_sha256
from numbered
where place <= $n_examples
order by n_records desc, reason, place
