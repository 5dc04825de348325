-- Requests of the accounts drawn by lot: one row per account and 1,200th part of the log's time
create or replace temp view accounts as from read_parquet(['findings/accounts.parquet']);
create or replace temp view exchange_features as from read_parquet(['data/exchange_features.parquet']);
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
with drawn as (
    select account_id, campaign_id
    from accounts
    where (campaign_id = 'C-01' and n_campaign_exchanges > 0) or (campaign_id is null and n_exchanges >= 25)
    qualify row_number() over (partition by campaign_id is not null order by md5(account_id), account_id)
        <= case when campaign_id is not null then 28 else 10 end
),
span as (
    select date_trunc('day', min(started_at)) as first_day, date_trunc('day', max(started_at)) + interval 1 day as end_day from exchange_features
),
requests as (
    select account_id, started_at, status, is_own
    from campaign_exchanges
    where campaign_id = 'C-01' and account_id in (select account_id from drawn)
    union all
    select account_id, started_at, status, false
    from exchange_features
    where account_id in (select account_id from drawn where campaign_id is null)
)
select
    r.account_id,
    (1200 * (epoch_us(r.started_at) - epoch_us(s.first_day)) // (epoch_us(s.end_day) - epoch_us(s.first_day)))::bigint as place,
    max(case when r.status in ('limited', 'error', 'blocked') then 3 when r.is_own then 2 else 1 end) as kind,
    count(*) as n_requests
from requests as r
cross join span as s
group by r.account_id, place
order by r.account_id, place;
