-- evidence for and against
SELECT side, claim, source, is_rebutted, n_accounts, n_exchanges, record_ids[1] AS example_record, statement
FROM campaign_evidence
WHERE campaign_id = $id
ORDER BY CASE side WHEN 'for' THEN 1 WHEN 'against' THEN 2 ELSE 3 END, source, entity_id
