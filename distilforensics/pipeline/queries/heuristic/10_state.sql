-- heuristic
SELECT heuristic_id, code, title, family, level, version, sha256, state, reason, evaluable_rows, total_rows, n_entities, n_fired, parameters
FROM heuristic_states
WHERE heuristic_id = $id OR code = $id
ORDER BY heuristic_id
