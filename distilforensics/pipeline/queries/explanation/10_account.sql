-- account
SELECT account_id, campaign_id, grade, n_exchanges, n_campaign_exchanges, first_seen, last_seen
FROM accounts
WHERE account_id = $id
ORDER BY account_id
