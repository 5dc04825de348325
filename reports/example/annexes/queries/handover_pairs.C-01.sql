-- Six hand-overs, drawn by lot
create or replace temp view work_ties as from read_parquet(['data/work_ties.parquet']);
create or replace temp table households as
with recursive ties as (
    select account_id, other_account_id from work_ties where relation <> 'same'
),
pairs as (
    select account_id, other_account_id from ties
    union
    select other_account_id, account_id from ties
    union
    select account_id, account_id from ties
    union
    select other_account_id, other_account_id from ties
),
labels as (
    select distinct account_id, account_id as label, 0 as round from pairs
    union all
    select p.account_id, min(l.label), l.round + 1
    from labels as l
    join pairs as p on p.other_account_id = l.account_id
    where l.round < 6
    group by p.account_id, l.round
),
settled as (
    select account_id, label from labels where round = 6
),
passed as (
    select s.label, count(*) as n_ties
    from ties as t
    join settled as s on s.account_id = t.account_id
    group by s.label
),
closed as (
    select a.label, count(distinct a.account_id) as n_accounts
    from settled as a
    join pairs as p on p.account_id = a.account_id
    join settled as b on b.account_id = p.other_account_id
    group by a.label
    having bool_and(a.label = b.label)
)
select s.account_id
from settled as s
join closed as c on c.label = s.label
join passed as p on p.label = s.label
where c.n_accounts <= 6 and p.n_ties >= c.n_accounts;
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
where t.kind = 'handover' and t.relation <> 'same' and (t.other_account_id, a.campaign_id) in (select (account_id, campaign_id) from accounts)
    and t.account_id not in (select account_id from households);
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
