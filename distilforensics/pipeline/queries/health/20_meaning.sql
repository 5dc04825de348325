-- what that means
SELECT title AS what, any_value(costs) AS meaning
FROM health_checks
WHERE verdict = 'costs'
GROUP BY check_id, title
ORDER BY check_id
