-- heuristics by state
SELECT state, count(*) AS n_heuristics
FROM heuristic_states
GROUP BY state
ORDER BY state
