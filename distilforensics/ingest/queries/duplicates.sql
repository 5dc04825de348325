-- All duplicates in order of the later record.
select record_id, duplicate_of, duplicate_class
from (
    select record_id, duplicate_of, duplicate_class, part, part_row from repeated_records
    union all
    select record_id, duplicate_of, 'exact_line', part, part_row from repeated_runs
)
order by part, part_row
