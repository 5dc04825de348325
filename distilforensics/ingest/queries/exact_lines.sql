-- Records with an id whose bytes occurred before, with the first record of the same bytes.
with suspects as (
    select record_id, raw_sha256, part, part_row
    from placed
    where coalesce(request_id, response_id) is not null
        and ('0x' || left(raw_sha256, 16))::ubigint in (select short_hash from repeated_hashes)
)

select
    record_id,
    first_value(record_id) over same_bytes as duplicate_of,
    part,
    part_row
from suspects
window same_bytes as (partition by raw_sha256 order by part, part_row)
qualify row_number() over same_bytes > 1
