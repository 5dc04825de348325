-- account
SELECT account_id, coalesce(campaign_id, CASE WHEN grade IS NOT NULL THEN split_part(reason_not_in_campaign, ':', 1) END) AS campaign_id, grade,
       n_exchanges, n_campaign_exchanges, first_seen, last_seen
FROM accounts
WHERE account_id = $id
ORDER BY account_id
