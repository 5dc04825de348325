-- campaign
SELECT campaign_id, grade, grade_reason, n_accounts, n_exchanges, n_exchanges_members, input_tokens, output_tokens, n_distinct_prompts,
       first_seen, last_seen, facts, heuristics, templates, clusters, grade_without
FROM campaigns
WHERE campaign_id = $id
ORDER BY campaign_id
