-- requests per hour
WITH members AS (
    SELECT account_id FROM accounts WHERE campaign_id = $id OR starts_with(reason_not_in_campaign, $id || ':')
),
patterns AS (
    SELECT unnest(templates) AS template_id FROM campaigns WHERE campaign_id = $id
    UNION ALL
    SELECT unnest(templates) FROM explained_groups WHERE group_id = $id
),
carried AS (
    SELECT DISTINCT e.record_id FROM template_exchanges AS e SEMI JOIN patterns USING (template_id)
)
SELECT date_trunc('hour', f.started_at) AS hour, count(*) AS n_exchanges,
       count(*) FILTER (WHERE f.status IN ('limited', 'error', 'blocked')) AS n_failed
FROM exchange_features AS f
SEMI JOIN members USING (account_id)
LEFT JOIN carried USING (record_id)
WHERE carried.record_id IS NOT NULL OR NOT EXISTS (SELECT 1 FROM patterns)
GROUP BY hour
ORDER BY hour
