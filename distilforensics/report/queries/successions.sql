/*---
title = "Requests of a campaign with the next one by any of its accounts; is_moved if that is another account within 15 seconds"
reads = ["campaign_exchanges"]
is_relation = true
---*/
select
    campaign_id, record_id, account_id, started_at, status,
    lead(record_id) over turn as next_record_id,
    lead(account_id) over turn as next_account,
    lead(started_at) over turn as next_started_at,
    lead(status) over turn as next_status,
    epoch_us(lead(started_at) over turn) - epoch_us(started_at) as delay_us,
    coalesce(lead(account_id) over turn <> account_id and epoch_us(lead(started_at) over turn) - epoch_us(started_at) <= 15000000, false) as is_moved
from campaign_exchanges
where is_own
window turn as (partition by campaign_id order by started_at, record_id)
