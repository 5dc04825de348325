-- Request ids that occur more than once among records whose bytes are new.
select request_id
from placed
where request_id is not null and record_id not in (select record_id from exact_lines)
group by request_id
having count(*) > 1
