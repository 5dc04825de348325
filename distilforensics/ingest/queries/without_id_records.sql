-- The records at given places among those without an id of their own.
with numbered as (
    select record_id, part, part_row, row_number() over (order by part, part_row) - 1 as place
    from placed
    where coalesce(request_id, response_id) is null or coalesce(request_id, response_id) in (select id from reused_ids)
)

select place, record_id, part, part_row
from numbered
where place in (select place from places)
order by place
