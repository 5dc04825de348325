-- All duplicates in order of the later record. A chain of two leads to its beginning.
with labelled as (
    select record_id, duplicate_of, 'exact_line' as duplicate_class, part, part_row from exact_lines
    union all
    select record_id, duplicate_of, 'same_record', part, part_row from same_records
    union all
    select record_id, duplicate_of, 'exact_line', part, part_row from repeated_runs
)

select
    labelled.record_id,
    coalesce(earlier.duplicate_of, labelled.duplicate_of) as duplicate_of,
    case when earlier.duplicate_of is null then labelled.duplicate_class else 'same_record' end as duplicate_class
from labelled
left join same_records as earlier on earlier.record_id = labelled.duplicate_of
order by labelled.part, labelled.part_row
