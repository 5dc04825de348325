-- Input files by format
create or replace temp view sources as from read_parquet(['data/sources.parquet']);
select
    role, coalesce(format, 'none') as format, count(*) as n_files, sum(n_bytes)::bigint as n_bytes,
    sum(n_read)::bigint as n_read, sum(n_kept)::bigint as n_kept, sum(n_quarantined)::bigint as n_quarantined,
    date_trunc('second', min(first_started_at)) as first_seen, date_trunc('second', max(last_started_at)) as last_seen
from sources
group by role, format
order by list_position(['log', 'accounts_directory'], role) nulls last, n_files desc, role, format
limit 8;
