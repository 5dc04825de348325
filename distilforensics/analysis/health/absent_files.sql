/*---
title = "Files that are announced and absent"
reads = ["announced_files", "exchanges", "sources"]
columns = ["prompt_text", "response_text"]
concerns = "complete"
facts = ["handover", "conversation", "answer"]
costs_from = 0
costs = "What stands in them is in no count; ask for them before you rely on the log."
---*/
-- Exports are cut into numbered files: a number between the first and the last that is missing is a file that is missing.
with numbered as (
    select
        regexp_replace(path, '[0-9]+([^0-9]*)$', '#\1') as pattern, try_cast(regexp_extract(path, '([0-9]{1,9})[^0-9]*$', 1) as bigint) as number
    from sources
    where role in ('log', 'duplicate_file', 'refused') and regexp_matches(parse_filename(path), '[0-9]') and not regexp_matches(path, '[0-9]{8}[^0-9]*$')
),
runs as (
    select pattern, max(number) - min(number) + 1 - count(distinct number) as n_absent, count(distinct number) as n_here, min(number) as first_number, max(number) as last_number
    from numbered
    group by pattern
    having count(distinct number) >= 3 and max(number) - min(number) + 1 <= 2 * count(distinct number)
)
select
    'numbered file' as part, coalesce(sum(n_absent), 0)::bigint as n_affected, coalesce(sum(n_absent + n_here), 0)::bigint as n_checked,
    case when sum(n_absent) > 0 then 'among numbers ' || min_by(first_number, pattern) filter (n_absent > 0) || ' to ' || min_by(last_number, pattern) filter (n_absent > 0)
        || ' of ' || min(pattern) filter (n_absent > 0) end as detail,
    null::varchar as example, []::varchar[] as columns
from runs
union all
-- A manifest may name a file by its whole place in a store: the longest end of it that a file here has counts, or its last part.
select
    'file of a manifest', count(*) filter (not is_here), count(*), case when bool_or(not is_here) then 'such as ' || min(name) filter (not is_here) end, null, []::varchar[]
from (
    select a.name, exists (
        from sources as s
        where s.role <> 'archive' and (s.path = a.name or ends_with(s.path, '/' || parse_filename(a.name)) or s.path = parse_filename(a.name) or ends_with(s.path, '!' || parse_filename(a.name)))
    ) as is_here
    from announced_files as a
)
union all
select
    'record of an announced file', coalesce(sum(greatest(a.n_records - s.n_read, 0)), 0)::bigint, coalesce(sum(a.n_records), 0)::bigint,
    case when bool_or(a.n_records > s.n_read) then 'such as in ' || min(a.name) filter (a.n_records > s.n_read) end, null, []::varchar[]
from announced_files as a
join sources as s on s.role = 'log' and (s.path = parse_filename(a.name) or ends_with(s.path, '/' || parse_filename(a.name)) or ends_with(s.path, '!' || parse_filename(a.name)))
union all
select
    'text in a file of its own', count(*) filter ('offloaded' in (prompt_state, response_state)), count(*) filter (prompt_state is not null or response_state is not null),
    null, min(record_id) filter ('offloaded' in (prompt_state, response_state)), ['prompt_text', 'response_text']
from exchanges
order by part
