-- Records that show statements of one kind: those cited for facts, requests with the common frame, first requests to a later model, reasoning of others
create or replace temp view campaign_facts as from read_parquet(['findings/campaign_facts.parquet']);
create or replace temp view work_ties as from read_parquet(['data/work_ties.parquet']);
create or replace temp view exchange_features as from read_parquet(['data/exchange_features.parquet']);
create or replace temp view accounts as from read_parquet(['findings/accounts.parquet']);
create or replace temp view campaigns as from read_parquet(['findings/campaigns.parquet']);
create or replace temp view template_exchanges as from read_parquet(['data/template_exchanges.parquet']);
create or replace temp table campaign_exchanges as
with carried as (
    select distinct c.campaign_id, e.record_id
    from campaigns as c, unnest(c.templates) as own(template_id)
    join template_exchanges as e on e.template_id = own.template_id
)
select
    c.campaign_id, f.record_id, f.account_id, f.started_at, f.status, f.model, f.input_tokens, f.output_tokens, f.prompt_hash,
    f.response_chars, f.lexicon_marks,
    coalesce(len(c.templates), 0) = 0 or k.record_id is not null as is_own
from exchange_features as f
join accounts as a on a.account_id = f.account_id
join campaigns as c on c.campaign_id = a.campaign_id
left join carried as k on k.record_id = f.record_id and k.campaign_id = c.campaign_id;
create or replace temp view exchanges as from read_parquet(['data/exchanges/part-000000.parquet']);
with cited as (
    select fact_id, unnest(record_ids) as record_id, generate_subscripts(record_ids, 1) as number
    from campaign_facts
    where campaign_id = 'C-01' and fact_id in ('handover', 'conversation', 'answer')
),
framed as (
    select record_id
    from (
        select arg_min(record_id, md5(record_id) || record_id) as record_id
        from campaign_exchanges
        where campaign_id = 'C-01' and is_own
        group by account_id
    )
    order by md5(record_id), record_id
    limit 6
),
models as (
    select model, min(started_at) as model_first
    from campaign_exchanges
    where campaign_id = 'C-01' and is_own and model is not null
    group by model
),
pivot_calls as (
    select record_id
    from campaign_exchanges
    where campaign_id = 'C-01' and is_own
        and model in (select model from models where model_first = (select max(model_first) from models))
    order by started_at, record_id
    limit 4
),
long_answers as (
    select record_id from campaign_exchanges
    where campaign_id = 'C-01' and is_own and status = 'ok' and output_tokens is not null
    order by output_tokens / nullif(input_tokens, 0) desc nulls last, record_id
    limit 4
),
refused as (
    select c.record_id
    from campaign_exchanges as c
    join exchanges as e on e.record_id = c.record_id
    where c.campaign_id = 'C-01' and e.reasoning_refusals is not null
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
order by kind, pair, place;
