-- against: what does not fit, and what is not excluded
WITH home AS (
    SELECT coalesce(campaign_id, CASE WHEN grade IS NOT NULL THEN split_part(reason_not_in_campaign, ':', 1) END) AS campaign_id
    FROM accounts
    WHERE account_id = $id
),
own_calls AS (
    SELECT e.record_id
    FROM exchange_features AS e
    ANTI JOIN (
        SELECT t.record_id
        FROM template_exchanges AS t
        SEMI JOIN (
            SELECT unnest(c.templates) AS template_id FROM campaigns AS c SEMI JOIN home USING (campaign_id)
        ) AS p USING (template_id)
    ) AS carried USING (record_id)
    WHERE e.account_id = $id
),
reasons AS (
    SELECT 1 AS place, NULL::DOUBLE AS bits, 'the account' AS about,
           'It is in no campaign: it looks as if it were run together with others, for a purpose that the log does not show.' AS statement,
           NULL::VARCHAR[] AS record_ids
    FROM accounts
    WHERE account_id = $id AND campaign_id IS NULL AND grade IS NOT NULL
    UNION ALL
    SELECT 1, NULL, 'the account', 'It was looked at and left out of a campaign: ' || reason_not_in_campaign || '.', NULL
    FROM accounts
    WHERE account_id = $id AND grade IS NULL AND reason_not_in_campaign IS NOT NULL
    UNION ALL
    SELECT 1, NULL, 'the account', 'It is in no campaign, and nothing about it led to one.', NULL
    FROM accounts
    WHERE account_id = $id AND campaign_id IS NULL AND grade IS NULL AND reason_not_in_campaign IS NULL
    UNION ALL
    SELECT 2, NULL, 'the account',
           'It has traffic of its own: ' || (n_exchanges - n_campaign_exchanges) || ' of its ' || n_exchanges || ' requests do not carry the pattern of the campaign.',
           (SELECT list_sort(list(record_id))[:4] FROM own_calls)
    FROM accounts
    WHERE account_id = $id AND n_exchanges > n_campaign_exchanges
    UNION ALL
    SELECT 3, min(tie.weight), 'the account',
           CASE tie.attribute
               WHEN 'payment' THEN 'It is paid by another method than '
               WHEN 'email_domain' THEN 'It has another mail domain than '
               ELSE 'It differs in ' || tie.attribute || ' from '
           END || count(*) || if(count(*) = 1, ' account', ' accounts') || ' that it is linked to.', NULL
    FROM (
        SELECT unnest(attributes) AS tie
        FROM links
        WHERE account_a = $id OR account_b = $id
    )
    WHERE tie.weight < 0
    GROUP BY tie.attribute
    UNION ALL
    SELECT 4, NULL, 'campaign ' || e.campaign_id,
           e.title || if(e.outcome = 'cannot tell', ': the log cannot tell. ', if(e.outcome = 'fits', ': fits. ', ': fits in part. ')) || e.statement, NULL
    FROM campaign_explanations AS e
    SEMI JOIN home USING (campaign_id)
    WHERE e.outcome <> 'excluded'
    UNION ALL
    SELECT 5, NULL, 'campaign ' || f.campaign_id, 'Looked for, and too weak to count: ' || f.title || '. ' || f.statement, NULL
    FROM campaign_facts AS f
    SEMI JOIN home USING (campaign_id)
    WHERE NOT f.is_counted
)
SELECT round(bits, 1) AS bits, about, statement, record_ids
FROM reasons
ORDER BY place, bits, statement
