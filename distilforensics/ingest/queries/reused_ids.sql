-- Ids that stand on records which say different things, or on more than any mishap repeats: callers chose them, or they are words for no
-- id. They identify nothing.
select id
from suspects
group by id
having count(distinct content) > 1 or count(*) > 8
