/*---
title = "Records that show statements of one kind: those cited for facts, requests with the common frame, first requests to a later model, reasoning of others"
reads = ["campaign_facts", "work_ties", "campaign_exchanges", "exchanges"]
---*/
with cited as (
    select fact_id, unnest(record_ids) as record_id, generate_subscripts(record_ids, 1) as number
    from campaign_facts
    where campaign_id = $campaign_id and fact_id in ('handover', 'conversation', 'answer')
),
framed as (
    select record_id
    from (
        select arg_min(record_id, md5(record_id) || record_id) as record_id
        from campaign_exchanges
        where campaign_id = $campaign_id and is_own
        group by account_id
    )
    order by md5(record_id), record_id
    limit 6
),
models as (
    select model, min(started_at) as model_first
    from campaign_exchanges
    where campaign_id = $campaign_id and is_own and model is not null
    group by model
),
pivot_calls as (
    select record_id
    from campaign_exchanges
    where campaign_id = $campaign_id and is_own
        and model in (select model from models where model_first = (select max(model_first) from models))
    order by started_at, record_id
    limit 4
),
long_answers as (
    select record_id from campaign_exchanges
    where campaign_id = $campaign_id and is_own and status = 'ok' and output_tokens is not null
    order by output_tokens / nullif(input_tokens, 0) desc nulls last, record_id
    limit 4
),
refused as (
    select c.record_id
    from campaign_exchanges as c
    join exchanges as e on e.record_id = c.record_id
    where c.campaign_id = $campaign_id and e.reasoning_refusals is not null
        and list_has_any(e.reasoning_refusals, ['organization_binding_mismatch', 'end_user_binding_mismatch'])
    order by md5(c.record_id), c.record_id
    limit 6
)
select
    fact_id as kind, record_id, lpad(number::varchar, 3, '0') as pair,
    case when exists (select 1 from work_ties as t where t.kind = c.fact_id and t.record_id = c.record_id) then 1 else 2 end as place
from cited as c
union all
select 'frame', record_id, md5(record_id), 1 from framed
union all
select 'model', record_id, record_id, 1 from pivot_calls
union all
select 'output', record_id, record_id, 1 from long_answers
union all
select 'reasoning', record_id, record_id, 1 from refused
order by kind, pair, place
