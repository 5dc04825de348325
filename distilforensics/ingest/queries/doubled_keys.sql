-- Objects in which a top-level key occurs twice: the engine takes the first value, other readers the last. Programs write the same keys in
-- the same order again and again, so each list of keys is looked at once.
with keyed as (
    select row_index, json_keys(line) as keys, hash(json_keys(line)) as layout
    from lines
),

layouts as (
    select layout, min_by(keys, row_index) as keys
    from keyed
    group by layout
)

select row_index
from keyed
where layout in (select layout from layouts where len(keys) <> len(list_distinct(keys)))
order by row_index
