-- Ids that stand on records which say different things: callers chose them, or they are words for no id. They identify nothing.
select id
from suspects
group by id
having count(distinct content) > 1
