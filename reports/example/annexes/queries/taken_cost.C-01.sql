-- Cost of the campaign's requests as the log states it, US dollars
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
select count(e.cost_usd) as n_with_cost, round(sum(e.cost_usd), 2) as cost_usd
from campaign_exchanges as c
join exchanges as e on e.record_id = c.record_id
where c.campaign_id = 'C-01' and c.is_own and e.cost_usd is not null;
