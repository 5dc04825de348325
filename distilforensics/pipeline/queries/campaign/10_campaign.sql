-- campaign
SELECT campaign_id, grade, grade_reason, n_accounts, n_exchanges, output_tokens, first_seen, last_seen, grade_without
FROM campaigns
WHERE campaign_id = $id
UNION ALL
SELECT g.group_id, 'one operator, purpose unknown', g.statement, g.n_accounts, g.n_exchanges, NULL,
       (SELECT min(first_seen) FROM accounts WHERE starts_with(reason_not_in_campaign, $id || ':')),
       (SELECT max(last_seen) FROM accounts WHERE starts_with(reason_not_in_campaign, $id || ':')), NULL
FROM explained_groups AS g
WHERE g.group_id = $id
