/*---
title = "Who holds which value that weighs something, in numbers"
reads = ["account_attributes", "account_numbers", "link_values"]
driver = "rows of accounts, by a thousand times fewer than exchanges"
---*/
select n.account_no, v.value_no, v.attribute, v.route
from account_attributes as a
join link_values as v on v.attribute = a.attribute and v.value = a.value
join account_numbers as n on n.account_id = a.account_id
where v.route <> 'none'
order by v.value_no, n.account_no
