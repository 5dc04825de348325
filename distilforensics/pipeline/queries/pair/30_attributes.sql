-- what ties them and what tells them apart, heaviest first
SELECT round(tie.weight, 2) AS bits, if(tie.weight > 0, 'ties', 'tells apart') AS effect, tie.attribute, tie.n_accounts AS n_accounts_sharing,
       coalesce(tie.value, 'differs or is not shared') AS value
FROM (
    SELECT unnest(attributes) AS tie
    FROM links
    WHERE account_a = least($a, $b) AND account_b = greatest($a, $b)
)
ORDER BY tie.weight DESC, tie.attribute, value
