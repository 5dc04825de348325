-- Beginnings of hashes that occur more than once among records with an id; as numbers, since they are many.
select ('0x' || left(raw_sha256, 16))::ubigint as short_hash
from placed
where coalesce(request_id, response_id) is not null
group by short_hash
having count(*) > 1
