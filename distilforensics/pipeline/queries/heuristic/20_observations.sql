-- strongest observations
SELECT entity_type, entity_id, is_fired, round(value, 4) AS value, round(baseline, 4) AS baseline, threshold, n_accounts, n_exchanges
FROM observations
WHERE heuristic_id = (SELECT min(heuristic_id) FROM heuristic_states WHERE heuristic_id = $id OR code = $id)
ORDER BY is_fired DESC, n_exchanges DESC, entity_id
LIMIT 20
