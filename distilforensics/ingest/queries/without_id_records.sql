-- The records at given places among those without any id.
with numbered as (
    select record_id, part, part_row, row_number() over (order by part, part_row) - 1 as place
    from placed
    where coalesce(request_id, response_id) is null
)

select place, record_id, part, part_row
from numbered
where place in (select place from places)
order by place
