-- for: what indicates one operator
WITH home AS (
    SELECT coalesce(campaign_id, CASE WHEN grade IS NOT NULL THEN split_part(reason_not_in_campaign, ':', 1) END) AS campaign_id
    FROM accounts
    WHERE account_id = $id
),
own AS (
    SELECT record_id FROM exchanges WHERE account_id = $id
),
facts AS (
    SELECT 2 AS place, f.weight AS bits, 'campaign ' || f.campaign_id AS about, f.title || '. ' || f.statement AS statement,
           list_sort(list_intersect(f.record_ids, (SELECT list(record_id) FROM own)))[:4] AS record_ids
    FROM campaign_facts AS f
    SEMI JOIN home USING (campaign_id)
    WHERE f.is_counted
),
calls AS (
    SELECT kind, true AS is_first, other_account_id AS other, relation, record_id, other_record_id, delay_us FROM work_ties WHERE account_id = $id
    UNION ALL
    SELECT kind, false, account_id, relation, record_id, other_record_id, delay_us FROM work_ties WHERE other_account_id = $id
),
ties AS (
    SELECT 0 AS place, NULL::DOUBLE AS bits, 'the account' AS about,
           CASE
               WHEN kind = 'handover' AND is_first THEN 'Failed calls of it were sent next by '
               WHEN kind = 'handover' THEN 'It sent next what failed at '
               WHEN kind = 'conversation' AND is_first THEN 'Conversations of it went on at '
               WHEN kind = 'conversation' THEN 'It went on with conversations of '
               WHEN is_first THEN 'Answers that it got came back in requests of '
               ELSE 'It sent as requests what was answered to '
           END || other || ': ' || count(*) || if(count(*) = 1, ' call, ', ' calls, ') || round(min(delay_us) / 1e6, 1) || ' s later'
           || if(count(*) = 1, '', ' at the earliest') || if(relation = 'distinct', '; the log names another customer for that account.', '.') AS statement,
           flatten(list([record_id, other_record_id] ORDER BY delay_us, record_id)[:3]) AS record_ids
    FROM calls
    WHERE relation <> 'same'
    GROUP BY kind, is_first, other, relation
    ORDER BY count(*) DESC, statement
    LIMIT 8
),
links_of AS (
    SELECT if(account_a = $id, account_b, account_a) AS other, unnest(attributes) AS tie
    FROM links
    WHERE account_a = $id OR account_b = $id
),
texts AS (
    SELECT max(l.tie.weight) AS bits, count(DISTINCT l.tie.value) AS n_texts, count(DISTINCT l.other) AS n_accounts,
           max_by(t.template_text, (length(t.template_text), t.template_id)) AS example,
           max_by(t.template_id, (length(t.template_text), t.template_id)) AS example_id
    FROM links_of AS l
    LEFT JOIN templates AS t ON t.template_id = l.tie.value
    WHERE l.tie.weight > 0 AND list_contains($text_kinds, l.tie.attribute)
),
attributes AS (
    SELECT tie.attribute, tie.value, max(tie.weight) AS bits, count(*) AS n
    FROM links_of
    WHERE tie.weight > 0 AND tie.attribute <> 'handover' AND NOT list_contains($text_kinds, tie.attribute)
    GROUP BY tie.attribute, tie.value
    ORDER BY bits DESC, tie.attribute, tie.value
    LIMIT 8
),
shared AS (
    SELECT 1 AS place, a.bits, 'the account' AS about,
           CASE a.attribute
               WHEN 'payment' THEN 'It is paid by a method that also pays for '
               WHEN 'email_domain' THEN 'Its mail domain, ' || a.value || ', is also that of '
               WHEN 'signup' THEN 'It was made in the same ten minutes (' || a.value || ') as '
               WHEN 'ip' THEN 'It called from ' || a.value || ', and so did '
               WHEN 'ip_prefix' THEN 'It called from the network ' || a.value || ', and so did '
               WHEN 'client' THEN 'It uses a rare program, ' || a.value || ', and so do '
               WHEN 'api_key' THEN 'It uses the same API key as '
               WHEN 'parameters' THEN 'It calls with rare parameters (' || coalesce(t.template_text, a.value) || '), and so do '
               ELSE 'It has a rare ' || a.attribute || ' in common with '
           END || a.n || if(a.n = 1, ' linked account.', ' linked accounts.') AS statement,
           CASE
               WHEN a.attribute = 'ip' THEN (SELECT [min(record_id)] FROM exchanges WHERE account_id = $id AND client_ip = a.value)
               WHEN a.attribute = 'ip_prefix' THEN (SELECT [min(record_id)] FROM exchange_features WHERE account_id = $id AND ip_prefix = a.value)
               ELSE (SELECT list_sort(list(record_id))[:2] FROM template_exchanges AS e WHERE e.template_id = a.value AND e.account_id = $id)
           END AS record_ids
    FROM attributes AS a
    LEFT JOIN templates AS t ON t.template_id = a.value
    UNION ALL
    SELECT 1, bits, 'the account',
           'It has ' || n_texts || ' rare ' || if(n_texts = 1, 'text', 'texts') || ' in common with ' || n_accounts || ' linked '
           || if(n_accounts = 1, 'account', 'accounts') || coalesce(', such as "' || left(example, 90) || '…".', '.'),
           (SELECT list_sort(list(record_id))[:3] FROM template_exchanges AS e WHERE e.template_id = example_id AND e.account_id = $id)
    FROM texts
    WHERE n_texts > 0
)
SELECT round(bits, 1) AS bits, about, statement, record_ids
FROM (
    SELECT place, bits, about, statement, record_ids FROM ties
    UNION ALL
    SELECT place, bits, about, statement, record_ids FROM shared
    UNION ALL
    SELECT place, bits, about, statement, record_ids FROM facts
)
ORDER BY place, bits DESC NULLS LAST, statement
