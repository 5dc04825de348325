-- How often another account of the campaign sent a limited or failed request next, with two controls; a prompt counts once
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
),
outside as (
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
)
select * from own, moved, after_success, others, others_moved;
