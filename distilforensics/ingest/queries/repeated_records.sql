-- Records with an id of their own that say all that an earlier one says, in the same bytes or in others.
select
    record_id,
    first_value(record_id) over same_record as duplicate_of,
    case when raw_sha256 = first_value(raw_sha256) over same_record then 'exact_line' else 'same_record' end as duplicate_class,
    part,
    part_row
from suspects
where id not in (select id from reused_ids)
window same_record as (partition by id, is_trail order by part, part_row)
qualify row_number() over same_record > 1
