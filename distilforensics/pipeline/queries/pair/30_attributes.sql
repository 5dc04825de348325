-- what ties them and what tells them apart, heaviest first
WITH ties AS (
    SELECT unnest(attributes) AS tie
    FROM links
    WHERE account_a = least($a, $b) AND account_b = greatest($a, $b)
)
SELECT round(tie.weight, 2) AS bits, if(tie.weight > 0, 'ties', 'tells apart') AS effect, tie.attribute, tie.n_accounts AS n_accounts_sharing,
       coalesce(tie.value, 'differs or is not shared') AS value,
       CASE
           WHEN tie.weight <= 0 AND tie.attribute = 'payment' THEN 'They are paid by different methods.'
           WHEN tie.weight <= 0 AND tie.attribute = 'email_domain' THEN 'They have different mail domains.'
           WHEN tie.weight <= 0 AND tie.attribute = 'tenant' THEN 'The log names different customers for them.'
           WHEN tie.weight <= 0 THEN 'They differ in ' || tie.attribute || '.'
           WHEN tie.attribute = 'payment' THEN 'One method pays for both'
           WHEN tie.attribute = 'email_domain' THEN 'Both have the mail domain ' || tie.value
           WHEN tie.attribute = 'signup' THEN 'Both were made in the same ten minutes (' || tie.value || ')'
           WHEN tie.attribute = 'ip' THEN 'Both called from ' || tie.value
           WHEN tie.attribute = 'ip_prefix' THEN 'Both called from the network ' || tie.value
           WHEN tie.attribute = 'client' THEN 'Both use the program ' || tie.value
           WHEN tie.attribute = 'api_key' THEN 'Both use one API key'
           WHEN tie.attribute = 'handover' THEN 'Failed calls of one are sent next by the other'
           WHEN tie.attribute = 'parameters' THEN 'Both call with the parameters ' || coalesce(t.template_text, tie.value)
           WHEN t.template_text IS NOT NULL THEN 'Both send the text "' || left(t.template_text, 90) || '…"'
           WHEN list_contains($text_kinds, tie.attribute) THEN 'Both send one rare text, ' || tie.value
           ELSE 'Both have the ' || tie.attribute || ' ' || tie.value
       END || CASE
           WHEN tie.weight <= 0 THEN ''
           WHEN tie.attribute = 'handover' THEN '.'
           WHEN tie.n_accounts = 2 THEN ' (nobody else).'
           WHEN tie.n_accounts = 3 THEN ' (1 other account too).'
           ELSE ' (' || (tie.n_accounts - 2) || ' other accounts too).'
       END AS statement
FROM ties
LEFT JOIN templates AS t ON t.template_id = tie.value
ORDER BY tie.weight DESC, tie.attribute, value
