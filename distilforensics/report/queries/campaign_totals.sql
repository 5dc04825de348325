/*---
title = "Campaigns and their accounts, together"
reads = ["campaigns", "accounts"]
---*/
select
    (select count(*) from campaigns) as n_campaigns,
    count(*) filter (campaign_id is not null) as n_members,
    count(*) as n_accounts
from accounts
