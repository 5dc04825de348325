-- periods with the largest differences
SELECT series AS export, period_start, any_value(coverage) AS coverage, sum(stated_requests)::bigint AS stated_requests,
       sum(log_requests)::bigint AS log_requests, sum(log_failed)::bigint AS log_failed,
       sum(stated_output_tokens)::bigint AS stated_output_tokens, sum(log_output_tokens)::bigint AS log_output_tokens
FROM reconciliation
WHERE coverage <> 'outside'
GROUP BY series, period_start, period_end
HAVING count(*) FILTER (verdict NOT IN ('equal', 'cannot tell')) > 0
ORDER BY abs(coalesce(sum(stated_requests), 0) - sum(log_requests)) DESC, series, period_start
LIMIT 8
