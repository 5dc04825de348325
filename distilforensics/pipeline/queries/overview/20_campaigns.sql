-- campaigns
SELECT campaign_id, grade, n_accounts, n_exchanges, output_tokens, first_seen, last_seen
FROM campaigns
ORDER BY campaign_id
