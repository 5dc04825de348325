-- Objects in which a top-level key occurs twice: the engine takes the first value, other readers the last.
select row_index
from lines
where case when json_valid(line) then len(json_keys(line)) <> len(list_distinct(json_keys(line))) end
order by row_index
