-- Answers that the campaign received, by model
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
with log as (
    select coalesce(model, 'not logged') as model, sum(output_tokens) as output_log from exchange_features group by all
),
own as (
    select
        coalesce(model, 'not logged') as model, count(*) as n_requests, count(*) filter (status = 'ok') as n_answered,
        sum(input_tokens)::bigint as input_tokens, sum(output_tokens)::bigint as output_tokens
    from campaign_exchanges
    where campaign_id = 'C-01' and is_own
    group by all
)
select
    o.model, o.n_requests, o.n_answered, o.input_tokens, o.output_tokens,
    round(100 * o.output_tokens / nullif(l.output_log, 0)) as log_percent
from own as o
join log as l on l.model = o.model
order by o.output_tokens desc nulls last, o.n_requests desc, o.model
limit 8;
