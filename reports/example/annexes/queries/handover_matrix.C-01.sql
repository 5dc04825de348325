-- Who hands to whom: hand-overs per ordered pair of accounts
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
create or replace temp table repeats as
with followed as (
    select
        record_id, account_id, started_at, status,
        lead(record_id) over again as next_record_id,
        lead(account_id) over again as next_account,
        lead(started_at) over again as next_started_at,
        lead(status) over again as next_status
    from exchange_features
    where prompt_hash is not null
    window again as (partition by prompt_hash order by started_at, record_id)
)
select *, epoch_us(next_started_at) - epoch_us(started_at) as delay_us
from followed
where epoch_us(next_started_at) - epoch_us(started_at) <= 60000000;
create or replace temp table handovers as
select
    e.campaign_id, r.record_id, r.account_id, r.started_at, r.status,
    r.next_record_id, r.next_account, r.next_started_at, r.next_status, r.delay_us
from campaign_exchanges as e
join repeats as r on r.record_id = e.record_id
join accounts as n on n.account_id = r.next_account and n.campaign_id = e.campaign_id
where e.is_own and e.status in ('limited', 'error', 'blocked') and r.next_account <> r.account_id;
select account_id, next_account, count(*) as n
from handovers
where campaign_id = 'C-01'
group by account_id, next_account
order by account_id, next_account;
