-- requests by hour of the day (UTC)
WITH members AS (
    SELECT account_id FROM accounts WHERE campaign_id = $id OR starts_with(reason_not_in_campaign, $id || ':')
)
SELECT hour(f.started_at) AS hour, count(m.account_id) AS n_exchanges, count(*) - count(m.account_id) AS n_exchanges_of_others
FROM exchange_features AS f
LEFT JOIN members AS m USING (account_id)
GROUP BY ALL
ORDER BY hour
