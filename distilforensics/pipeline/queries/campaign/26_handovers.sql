-- failed calls that another account of it sent next, by pair of accounts
WITH members AS (
    SELECT account_id FROM accounts WHERE campaign_id = $id OR starts_with(reason_not_in_campaign, $id || ':')
)
SELECT t.account_id, t.other_account_id, count(DISTINCT t.record_id) AS n_calls, round(median(t.delay_us) / 1e6, 1) AS delay_seconds,
       min_by(t.record_id, (t.delay_us, t.record_id)) AS record_id, min_by(t.other_record_id, (t.delay_us, t.record_id)) AS other_record_id
FROM work_ties AS t
SEMI JOIN members AS m ON m.account_id = t.account_id
SEMI JOIN members AS o ON o.account_id = t.other_account_id
WHERE t.kind = 'handover' AND t.relation <> 'same'
GROUP BY t.account_id, t.other_account_id
ORDER BY n_calls DESC, delay_seconds, t.account_id, t.other_account_id
LIMIT $most
