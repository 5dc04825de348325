/*---
title = "Who hands to whom: hand-overs per ordered pair of accounts"
reads = ["handovers"]
---*/
select account_id, next_account, count(*) as n
from handovers
where campaign_id = $campaign_id
group by account_id, next_account
order by account_id, next_account
