-- noticed, too little to cost anything
SELECT title || ': ' || part AS what, n_affected AS affected, n_checked AS of, coalesce(detail, example, '') AS detail
FROM health_checks
WHERE verdict = 'noticed'
ORDER BY n_affected / n_checked DESC, check_id, part
LIMIT 10
