-- Objects in which a top-level key occurs twice: the engine takes the first value, other readers the last. Programs write the same keys in
-- the same order again and again, so each list of keys is looked at once.
-- Keys are taken out again where one list has doubled ones, rather than kept for all records.
with layouts as (
    select hash(json_keys(line)) as layout, any_value(json_keys(line)) as keys
    from lines
    group by layout
)

select row_index
from lines
where hash(json_keys(line)) in (select layout from layouts where len(keys) <> len(list_distinct(keys)))
order by row_index
