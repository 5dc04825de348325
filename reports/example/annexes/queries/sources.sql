-- Input files as received
create or replace temp view sources as from read_parquet(['data/sources.parquet']);
select
    path, role, coalesce(reason, '') as reason, n_bytes, n_bytes_decoded, compression, format, format_confidence, n_lines, n_blank,
    n_read, n_kept, n_quarantined, n_duplicate, n_out_of_scope, n_flagged, first_started_at, last_started_at, source_sha256,
    array_to_string(unknown_keys, ', ') as unknown_keys
from sources
order by list_position(['log', 'accounts_directory'], role) nulls last, path, source_sha256;
