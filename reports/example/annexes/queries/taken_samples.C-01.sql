-- Three answered requests of different accounts, drawn by lot
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
with first_of_account as (
    select arg_min(record_id, md5(record_id) || record_id) as record_id
    from campaign_exchanges
    where campaign_id = 'C-01' and is_own and status = 'ok'
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
order by e.started_at, e.record_id;
