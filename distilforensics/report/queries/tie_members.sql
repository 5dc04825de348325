/*---
title = "Members of a campaign in the order in which the network is drawn: the first 60"
reads = ["accounts", "account_profiles"]
---*/
select a.account_id, p.payment_fingerprint
from accounts as a
left join account_profiles as p on p.account_id = a.account_id
where a.campaign_id = $campaign_id
order by p.payment_fingerprint nulls last, p.created_at, a.account_id
limit 60
