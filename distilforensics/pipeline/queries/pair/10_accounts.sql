-- accounts
SELECT account_id, a.campaign_id, a.n_exchanges, a.tenant_id, p.organization, p.plan, p.created_at, p.n_active_days, p.n_ips
FROM accounts AS a
LEFT JOIN account_profiles AS p USING (account_id)
WHERE account_id IN ($a, $b)
ORDER BY account_id
