-- prompts that one sent and the other sent next
SELECT p.record_id, e.status, p.account_id, p.next_record_id, p.next_account_id, round(p.delay_us / 1e6, 1) AS delay_seconds
FROM next_prompts AS p
JOIN exchanges AS e ON e.record_id = p.record_id
WHERE (p.account_id = $a AND p.next_account_id = $b) OR (p.account_id = $b AND p.next_account_id = $a)
ORDER BY p.delay_us, p.record_id
LIMIT 10
