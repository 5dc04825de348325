-- campaign
SELECT campaign_id, grade, grade_reason, n_accounts, n_exchanges, n_exchanges_members, input_tokens, output_tokens, n_distinct_prompts,
       first_seen, last_seen, families, heuristics, templates, clusters, is_stable_without_any_heuristic, is_stable_without_accounts,
       grade_stricter, grade_laxer, heuristics_lost, heuristics_gained
FROM campaigns
WHERE campaign_id = $id
ORDER BY campaign_id
