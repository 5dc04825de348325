-- what costs something
WITH costs AS (
    SELECT check_id, part, count(*) FILTER (effect = 'is switched off') AS n_switched_off, count(*) FILTER (effect <> 'is switched off') AS n_seeing_less
    FROM health_costs
    GROUP BY check_id, part
)
SELECT h.title || ': ' || h.part AS what, h.n_affected AS affected, h.n_checked AS of, coalesce(c.n_switched_off, 0) AS tests_off,
       coalesce(c.n_seeing_less, 0) AS tests_that_see_less, array_to_string(h.facts, ', ') AS facts_harder_to_show, coalesce(h.detail, h.example, '') AS detail
FROM health_checks AS h
LEFT JOIN costs AS c USING (check_id, part)
WHERE h.verdict = 'costs'
ORDER BY tests_off DESC, tests_that_see_less DESC, h.check_id, h.part
