-- what indicates one operator, heaviest first
WITH own AS (
    SELECT record_id FROM exchanges WHERE account_id = $id
),
facts AS (
    SELECT f.weight AS bits, 'campaign ' || f.campaign_id AS about,
           (SELECT min(record_id) FROM own WHERE list_contains(f.record_ids, record_id)) AS own_record, f.statement
    FROM campaign_facts AS f
    JOIN accounts AS a USING (campaign_id)
    WHERE a.account_id = $id AND f.is_counted
),
shared AS (
    SELECT max(tie.weight) AS bits, 'the account' AS about, NULL AS own_record,
           'It shares ' || tie.attribute || ' ' || tie.value || ' with ' || count(*) || ' linked accounts.' AS statement
    FROM (
        SELECT unnest(attributes) AS tie
        FROM links
        WHERE account_a = $id OR account_b = $id
    )
    WHERE tie.weight > 0
    GROUP BY tie.attribute, tie.value
    ORDER BY bits DESC, statement
    LIMIT 6
)
SELECT round(bits, 1) AS bits, about, own_record, statement
FROM (SELECT * FROM facts UNION ALL SELECT * FROM shared)
ORDER BY about = 'the account', bits DESC, statement
