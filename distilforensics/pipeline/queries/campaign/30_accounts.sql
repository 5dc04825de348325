-- accounts, most active first
SELECT account_id, coalesce(n_campaign_exchanges, n_exchanges) AS n_campaign_exchanges, n_exchanges, output_tokens, first_seen, last_seen, tenant_id
FROM accounts
WHERE campaign_id = $id OR starts_with(reason_not_in_campaign, $id || ':')
ORDER BY n_campaign_exchanges DESC, account_id
LIMIT $most
