-- Which lines are JSON, as this engine reads it.
select json_valid(line) as is_valid
from lines
