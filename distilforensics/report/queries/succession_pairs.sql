/*---
title = "Six limited or failed requests after which another account of the campaign went on within 15 seconds, drawn by lot"
reads = ["successions"]
---*/
with drawn as (
    select *
    from successions
    where campaign_id = $campaign_id and is_moved and status in ('limited', 'error', 'blocked')
    order by md5(record_id), record_id
    limit 6
)
select
    record_id, account_id, status, next_record_id, next_account, next_status,
    date_trunc('second', started_at) as started_at,
    date_trunc('second', next_started_at) as next_started_at,
    round(delay_us / 1000000, 1) as delay_seconds
from drawn
order by started_at, record_id
