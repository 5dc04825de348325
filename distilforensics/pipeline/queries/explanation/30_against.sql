-- what speaks against it, or is not excluded
WITH reasons AS (
    SELECT 1 AS place, NULL AS bits, 'the account' AS about, reason_not_in_campaign AS statement
    FROM accounts
    WHERE account_id = $id AND reason_not_in_campaign IS NOT NULL
    UNION ALL
    SELECT 2, NULL, 'the account', (n_exchanges - n_campaign_exchanges) || ' of its ' || n_exchanges || ' exchanges are not among those of the campaign.'
    FROM accounts
    WHERE account_id = $id AND n_exchanges > n_campaign_exchanges
    UNION ALL
    SELECT 3, min(tie.weight), 'the account', 'Its ' || tie.attribute || ' is not that of ' || count(*) || ' accounts linked to it.'
    FROM (
        SELECT unnest(attributes) AS tie
        FROM links
        WHERE account_a = $id OR account_b = $id
    )
    WHERE tie.weight < 0
    GROUP BY tie.attribute
    UNION ALL
    SELECT 4, NULL, 'campaign ' || e.campaign_id, e.title || ' (' || e.outcome || '): ' || e.statement
    FROM campaign_explanations AS e
    JOIN accounts AS a USING (campaign_id)
    WHERE a.account_id = $id AND e.outcome <> 'excluded'
)
SELECT round(bits, 1) AS bits, about, statement
FROM reasons
ORDER BY place, bits, statement
