/*---
title = "Limited or failed requests of a campaign that another of its accounts sent again within a minute, word for word"
reads = ["campaign_exchanges", "repeats", "accounts"]
is_relation = true
---*/
select
    e.campaign_id, r.record_id, r.account_id, r.started_at, r.status,
    r.next_record_id, r.next_account, r.next_started_at, r.next_status, r.delay_us
from campaign_exchanges as e
join repeats as r on r.record_id = e.record_id
join accounts as n on n.account_id = r.next_account and n.campaign_id = e.campaign_id
where e.is_own and e.status in ('limited', 'error', 'blocked') and r.next_account <> r.account_id
