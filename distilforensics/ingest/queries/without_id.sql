-- Records without an id of their own in order, by the beginnings of their hashes: only their order can tell a repeated file from repeated
-- requests.
select
    ('0x' || left(raw_sha256, 16))::ubigint as short_hash,
    ('0x' || left(source_sha256, 16))::ubigint as source,
    epoch_us(started_at) as time
from placed
where coalesce(request_id, response_id) is null or coalesce(request_id, response_id) in (select id from reused_ids)
order by part, part_row
