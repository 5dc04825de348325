/*---
title = "Three answered requests of different accounts, drawn by lot"
reads = ["campaign_exchanges", "exchanges"]
---*/
with first_of_account as (
    select arg_min(record_id, md5(record_id) || record_id) as record_id
    from campaign_exchanges
    where campaign_id = $campaign_id and is_own and status = 'ok'
    group by account_id
),
drawn as (select record_id from first_of_account order by md5(record_id), record_id limit 3)
select
    e.record_id, e.account_id, date_trunc('second', e.started_at) as started_at,
    coalesce(e.model_served, e.model_requested) as model, e.output_tokens,
    left(e.prompt_text, 2000) as prompt_text, length(e.prompt_text) as prompt_length,
    left(e.response_text, 2000) as response_text, length(e.response_text) as response_length
from exchanges as e
where e.record_id in (select record_id from drawn)
order by e.started_at, e.record_id
