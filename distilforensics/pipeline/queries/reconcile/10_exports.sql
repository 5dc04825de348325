-- usage exports beside the log
SELECT series AS export, period_start, period_end, coalesce(key_column, 'none') AS compared_by_key, is_by_model AS compared_by_model,
       stated_requests, log_requests, n_missing, n_missing_at_edge, n_more, stated_output_tokens, log_output_tokens,
       n_equal, n_different, n_open, n_outside
FROM reconciliation_totals
ORDER BY series
