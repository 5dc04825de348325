-- most active accounts, 10 at most
SELECT account_id, n_campaign_exchanges, n_exchanges, output_tokens, first_seen, last_seen, tenant_id
FROM accounts
WHERE campaign_id = $id
ORDER BY n_campaign_exchanges DESC, account_id
LIMIT 10
