-- heaviest links
SELECT CASE WHEN account_a = $id THEN account_b ELSE account_a END AS linked_account, round(weight, 2) AS weight_bits,
       list_transform(list_filter(attributes, lambda x: x.value IS NOT NULL), lambda x: x.attribute || '=' || x.value) AS shared
FROM links
WHERE account_a = $id OR account_b = $id
ORDER BY weight DESC, linked_account
LIMIT 20
