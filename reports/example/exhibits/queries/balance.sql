select
    path, n_lines, n_blank, n_read, n_kept, n_quarantined, n_duplicate, n_out_of_scope,
    n_read - n_kept - n_quarantined - n_duplicate - n_out_of_scope as difference
from sources
where role = 'log'
order by n_quarantined + n_duplicate + n_out_of_scope desc, path, source_sha256
