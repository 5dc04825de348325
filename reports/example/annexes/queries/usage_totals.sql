-- Usage exports beside the log
create or replace temp view reconciliation_totals as from read_parquet(['data/reconciliation_totals.parquet']);
select
    series, period_start::date as first_day, (period_end - interval 1 microsecond)::date as last_day, n_sums, n_different, n_sums - n_open - n_outside as n_compared,
    stated_requests, log_requests, n_missing, n_missing_at_edge, n_more, n_outside, coalesce(key_column, '') as key_column, is_by_model
from reconciliation_totals
order by series;
