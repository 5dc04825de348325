-- fine, or nothing to look at
SELECT verdict, count(*) AS n, string_agg(DISTINCT title, '; ' ORDER BY title) AS checks
FROM health_checks
WHERE verdict IN ('fine', 'cannot tell')
GROUP BY verdict
ORDER BY verdict DESC
