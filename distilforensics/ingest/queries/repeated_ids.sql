-- Ids that occur more than once.
select coalesce(request_id, response_id) as id
from placed
where coalesce(request_id, response_id) is not null
group by id
having count(*) > 1
