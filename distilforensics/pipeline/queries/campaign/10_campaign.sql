-- campaign
SELECT campaign_id, grade, grade_reason, n_accounts, n_exchanges, output_tokens, first_seen, last_seen, grade_without
FROM campaigns
WHERE campaign_id = $id
ORDER BY campaign_id
