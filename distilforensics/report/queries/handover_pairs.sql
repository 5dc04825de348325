/*---
title = "Six hand-overs, drawn by lot"
reads = ["handovers", "exchanges"]
---*/
with drawn as (
    select * from handovers where campaign_id = $campaign_id order by md5(record_id), record_id limit 6
)
select
    d.record_id, d.account_id, d.status, d.next_record_id, d.next_account, d.next_status,
    date_trunc('second', d.started_at) as started_at,
    date_trunc('second', d.next_started_at) as next_started_at,
    round(d.delay_us / 1000000, 1) as delay_seconds,
    e.prompt_text
from drawn as d
join exchanges as e on e.record_id = d.record_id
order by d.started_at, d.record_id
