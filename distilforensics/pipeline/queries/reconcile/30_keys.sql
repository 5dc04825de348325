-- keys and models with the largest differences
SELECT series AS export, coalesce(key, '') AS key, coalesce(model, '') AS model, count(*) AS n_periods, sum(stated_requests)::bigint AS stated_requests,
       sum(log_requests)::bigint AS log_requests, sum(n_missing)::bigint AS n_missing, sum(n_more)::bigint AS n_more, max(verdict) AS one_verdict
FROM reconciliation
WHERE verdict NOT IN ('equal', 'cannot tell', 'outside of the log')
GROUP BY series, key, model
ORDER BY greatest(coalesce(sum(n_missing), 0), coalesce(sum(n_more), 0)) DESC, series, key NULLS FIRST, model NULLS FIRST
LIMIT 8
