-- groups examined and not reported
SELECT group_id, n_accounts, n_exchanges, explanation
FROM explained_groups
ORDER BY group_id
LIMIT 10
