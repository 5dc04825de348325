/*---
title = "Values of payment, sign-up and address that two to twelve members share, with their accounts"
reads = ["accounts", "account_attributes"]
---*/
select t.attribute, t.value, count(*) as n_members, list(t.account_id order by t.account_id) as members
from account_attributes as t
join accounts as a on a.account_id = t.account_id
where a.campaign_id = $campaign_id and t.attribute in ('payment', 'signup', 'ip')
group by t.attribute, t.value
having count(*) between 2 and 12
order by t.attribute, n_members desc, t.value
limit 60
