-- account
SELECT a.account_id, a.campaign_id, a.grade, a.n_exchanges, a.n_campaign_exchanges, a.output_tokens, a.first_seen, a.last_seen,
       a.tenant_id, p.organization, p.plan, p.created_at, p.n_active_days, p.n_distinct_prompts, p.n_ips, p.n_user_agents,
       a.support, a.link_weight, a.reason_not_in_campaign
FROM accounts AS a
LEFT JOIN account_profiles AS p USING (account_id)
WHERE a.account_id = $id
ORDER BY a.account_id
