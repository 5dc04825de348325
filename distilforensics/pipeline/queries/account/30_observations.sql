-- observations about the account itself
SELECT heuristic_id, is_fired, round(value, 4) AS value, round(baseline, 4) AS baseline, threshold, n_exchanges
FROM observations
WHERE entity_type = 'account' AND entity_id = $id
ORDER BY is_fired DESC, heuristic_id
