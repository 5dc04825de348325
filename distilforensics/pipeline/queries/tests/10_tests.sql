-- tests of the catalogue in this case
SELECT heuristic_id, state, reason
FROM heuristic_states
ORDER BY array_position(['fired', 'silent', 'inconclusive', 'not_evaluated'], state), reason, heuristic_id
