-- Which file of parts belongs to a file of calls: the one that has all its keys, else the only one that has any; none if there are several.
with found as (
    select distinct join_name, source_sha256, is_part, key
    from keyed
    where join_within = 'pair_of_files'
),

shared as (
    select
        calls.join_name,
        calls.source_sha256 as calls_file,
        parts.source_sha256 as parts_file,
        count(*) as n
    from found as calls
    inner join found as parts on parts.join_name = calls.join_name and parts.key = calls.key and parts.is_part
    where not calls.is_part
    group by all
),

sizes as (
    select join_name, source_sha256, count(*) as n
    from found
    where not is_part
    group by all
),

rated as (
    select shared.join_name, shared.calls_file, shared.parts_file, shared.n = sizes.n as is_complete
    from shared
    inner join sizes on sizes.join_name = shared.join_name and sizes.source_sha256 = shared.calls_file
),

best as (
    select *
    from rated
    qualify is_complete = bool_or(is_complete) over (partition by join_name, calls_file)
)

select join_name, calls_file, parts_file
from best
qualify count(*) over (partition by join_name, calls_file) = 1
