-- facts, those that count first
SELECT kind, fact_id, title, round(weight, 1) AS bits, is_counted, record_ids[1] AS example_record, statement
FROM campaign_facts
WHERE campaign_id = $id
ORDER BY NOT is_counted, weight DESC, place
