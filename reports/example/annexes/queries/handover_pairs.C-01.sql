-- Six hand-overs, drawn by lot
create or replace temp view work_ties as from read_parquet(['data/work_ties.parquet']);
create or replace temp view accounts as from read_parquet(['findings/accounts.parquet']);
create or replace temp view exchange_features as from read_parquet(['data/exchange_features.parquet']);
create or replace temp table handovers as
select
    a.campaign_id, t.record_id, t.account_id, e.started_at, e.status,
    t.other_record_id as next_record_id, t.other_account_id as next_account, n.started_at as next_started_at, n.status as next_status,
    t.delay_us, t.work, t.relation
from work_ties as t
join accounts as a on a.account_id = t.account_id
join exchange_features as e on e.record_id = t.record_id
join exchange_features as n on n.record_id = t.other_record_id
where t.kind = 'handover' and t.relation <> 'same' and (t.other_account_id, a.campaign_id) in (select (account_id, campaign_id) from accounts);
create or replace temp view exchanges as from read_parquet(['data/exchanges/part-000000.parquet']);
with drawn as (
    select * from handovers where campaign_id = 'C-01' order by md5(record_id), record_id limit 6
)
select
    d.record_id, d.account_id, d.status, d.next_record_id, d.next_account, d.next_status,
    date_trunc('second', d.started_at) as started_at,
    date_trunc('second', d.next_started_at) as next_started_at,
    round(d.delay_us / 1000000, 1) as delay_seconds,
    e.prompt_text
from drawn as d
join exchanges as e on e.record_id = d.record_id
order by d.started_at, d.record_id;
