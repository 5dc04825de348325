-- How often another account of the campaign sent a limited or failed request next, with two controls; a prompt counts once
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
create or replace temp table repeats as
with popular as (
    select prompt_hash from exchange_features where prompt_hash is not null group by prompt_hash having count(distinct account_id) > 6
),
followed as (
    select
        record_id, account_id, status,
        lead(account_id) over again as next_account,
        epoch_us(lead(started_at) over again) - epoch_us(started_at) as delay_us
    from exchange_features
    where prompt_hash is not null and prompt_hash not in (select prompt_hash from popular)
    window again as (partition by prompt_hash order by started_at, record_id)
)
select * from followed where delay_us <= 3600000000;
create or replace temp table outside_handovers as
with outside as (
    select account_id from accounts where campaign_id is null and grade is null
),
others as (
    select count(*) as n_failed_others
    from exchange_features as f
    join outside as o on o.account_id = f.account_id
    where f.status in ('limited', 'error', 'blocked')
),
others_moved as (
    select count(distinct work) as n_moved_others
    from work_ties
    where kind = 'handover' and relation <> 'same' and account_id in (select account_id from outside)
        and other_account_id in (select account_id from outside)
        and account_id not in (select account_id from households)
)
select * from others, others_moved;
with own as (
    select
        count(*) filter (f.status in ('limited', 'error', 'blocked')) as n_failed,
        count(*) filter (f.status = 'limited') as n_limited,
        count(*) filter (f.status = 'error') as n_errors,
        count(*) filter (f.status = 'blocked') as n_blocked,
        count(*) filter (f.status = 'ok' and f.prompt_hash is not null) as n_answered
    from exchange_features as f
    join accounts as a on a.account_id = f.account_id
    where a.campaign_id = 'C-01'
),
moved as (
    select
        count(distinct work) as n_moved,
        count(distinct work) filter (relation = 'distinct') as n_distinct,
        count(distinct work) filter (starts_with(work, 'shape|')) as n_shapes,
        count(distinct (account_id, next_account)) as n_pairs,
        count(distinct account_id) as n_from,
        round(median(delay_us) / 1000000, 1) as median_seconds,
        round(max(delay_us) / 1000000, 1) as longest_seconds
    from handovers
    where campaign_id = 'C-01'
),
after_success as (
    select count(*) as n_answered_moved
    from repeats as r
    join accounts as a on a.account_id = r.account_id
    where a.campaign_id = 'C-01' and r.status = 'ok' and r.next_account <> r.account_id
)
select * from own, moved, after_success, outside_handovers;
