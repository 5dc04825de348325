/*---
title = "Records that show statements of one kind: hand-overs as pairs, requests with the common frame, first requests to a later model"
reads = ["handovers", "successions", "campaign_exchanges"]
---*/
with reissued as (
    select record_id, next_record_id from handovers where campaign_id = $campaign_id order by md5(record_id), record_id limit 6
),
moved as (
    select record_id, next_record_id
    from successions
    where campaign_id = $campaign_id and is_moved and status in ('limited', 'error', 'blocked')
    order by md5(record_id), record_id
    limit 6
),
framed as (
    select record_id
    from (
        select record_id from campaign_exchanges where campaign_id = $campaign_id and is_own
        qualify row_number() over (partition by account_id order by md5(record_id), record_id) = 1
    )
    order by md5(record_id), record_id
    limit 6
),
models as (
    select record_id, model, started_at, min(started_at) over (partition by model) as model_first
    from campaign_exchanges
    where campaign_id = $campaign_id and is_own and model is not null
),
pivot_calls as (
    select record_id from models where model_first = (select max(model_first) from models) order by started_at, record_id limit 4
),
long_answers as (
    select record_id from campaign_exchanges
    where campaign_id = $campaign_id and is_own and status = 'ok' and output_tokens is not null
    order by output_tokens / nullif(input_tokens, 0) desc nulls last, record_id
    limit 4
)
select 'reissue' as kind, unnest([record_id, next_record_id]) as record_id, md5(record_id) as pair, unnest([1, 2]) as place from reissued
union all
select 'succession', unnest([record_id, next_record_id]), md5(record_id), unnest([1, 2]) from moved
union all
select 'frame', record_id, md5(record_id), 1 from framed
union all
select 'model', record_id, record_id, 1 from pivot_calls
union all
select 'output', record_id, record_id, 1 from long_answers
order by kind, pair, place
