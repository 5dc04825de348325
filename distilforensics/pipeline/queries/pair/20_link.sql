-- link
SELECT round(weight, 2) AS bits, n_attributes
FROM links
WHERE account_a = least($a, $b) AND account_b = greatest($a, $b)
ORDER BY account_a
