-- Ids that stand on records which say different things, or on more than any mishap repeats: callers chose them, or they are words for no
-- id. They identify nothing. The trail of a cloud says other things about a call than the log of the model does and is judged by itself.
select distinct id
from suspects
group by id, is_trail
having count(distinct content) > 1 or count(*) > 8
