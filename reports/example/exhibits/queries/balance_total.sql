select
    count(*) filter (role = 'log') as n_logs,
    count(*) filter (role = 'accounts_directory') as n_directories,
    count(*) filter (role = 'duplicate_file') as n_duplicate_files,
    count(*) filter (role = 'ignored') as n_ignored,
    count(*) filter (role = 'refused') as n_refused,
    coalesce(sum(n_bytes) filter (role = 'log'), 0)::bigint as n_bytes,
    coalesce(sum(n_read) filter (role = 'log'), 0)::bigint as n_read,
    coalesce(sum(n_kept) filter (role = 'log'), 0)::bigint as n_kept,
    coalesce(sum(n_quarantined) filter (role = 'log'), 0)::bigint as n_quarantined,
    coalesce(sum(n_duplicate) filter (role = 'log'), 0)::bigint as n_duplicate,
    coalesce(sum(n_out_of_scope) filter (role = 'log'), 0)::bigint as n_out_of_scope,
    coalesce(sum(n_flagged) filter (role = 'log'), 0)::bigint as n_flagged,
    count(*) filter (role = 'log' and n_read <> n_kept + n_quarantined + n_duplicate + n_out_of_scope) as n_unbalanced
from sources
