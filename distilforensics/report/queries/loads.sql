/*---
title = "How many accounts sent how many requests: members (the campaign's requests) and all accounts outside of campaigns (all requests)"
reads = ["accounts"]
---*/
select
    campaign_id is not null as is_member,
    case when campaign_id is not null then n_campaign_exchanges else n_exchanges end as n_requests,
    count(*) as n_accounts
from accounts
where campaign_id = $campaign_id or campaign_id is null
group by all
order by is_member desc, n_requests
