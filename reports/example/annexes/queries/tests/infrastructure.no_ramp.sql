-- New accounts of a group work at full volume from their first day
create or replace temp view account_days as from read_parquet(['data/account_days.parquet']);
create or replace temp view account_profiles as from read_parquet(['data/account_profiles.parquet']);
create or replace temp view exchange_features as from read_parquet(['data/exchange_features.parquet']);
create or replace temp view account_attributes as from read_parquet(['data/account_attributes.parquet']);
create or replace temp view cluster_members as from read_parquet(['data/cluster_members.parquet']);
create or replace temp view templates as from read_parquet(['data/templates.parquet']);
create or replace temp table accounts_of_groups as
with members as (
    select a.value as group_id, a.account_id, a.n_exchanges
    from account_attributes as a
    semi join templates as t on t.template_id = a.value and t.kind = a.attribute and t.kind <> 'prompt' and t.n_accounts >= 10
    union all
    select m.cluster_id, m.account_id, p.n_exchanges
    from cluster_members as m
    join account_profiles as p on p.account_id = m.account_id
    qualify count(*) over (partition by m.cluster_id) >= 10
)
select
    group_id,
    account_id,
    n_exchanges
from members
order by group_id, account_id;
create or replace temp view group_accounts as select * from accounts_of_groups;
with log_span as (
    select min(first_seen) as begins_at from account_profiles
),
full_days as (
    select account_id, quantile_disc(n_exchanges, 0.95) as full_day
    from account_days
    group by account_id
),
-- New: signed up inside of the log, or, where the sign-up is unknown, first seen well after its start.
new_accounts as (
    select p.account_id, p.first_seen, d.full_day
    from account_profiles as p
    join full_days as d on d.account_id = p.account_id
    cross join log_span as s
    where p.n_active_days >= 5
        and d.full_day >= 10
        and (
            p.created_at >= s.begins_at
            or (p.created_at is null and p.first_seen >= s.begins_at + to_days(3)))
),
first_days as (
    select n.account_id, count(*) as n_exchanges, count(*) / nullif(min(n.full_day), 0) as first_day_share
    from new_accounts as n
    join exchange_features as e on e.account_id = n.account_id and e.started_at < n.first_seen + interval 24 hours
    group by n.account_id
),
log_totals as (
    select count(*) as n, count(*) filter (where first_day_share >= 0.8) as n_no_ramp from first_days
),
per_group as (
    select
        g.group_id,
        count(*) as n_accounts,
        sum(f.n_exchanges)::bigint as n_exchanges,
        count(*) filter (where f.first_day_share >= 0.8) as n_no_ramp,
        median(f.first_day_share) as median_share
    from group_accounts as g
    join first_days as f on f.account_id = g.account_id
    group by g.group_id
    having count(*) >= 10
),
judged as (
    select
        p.group_id,
        p.n_accounts,
        p.n_exchanges,
        p.n_no_ramp,
        p.median_share,
        p.n_no_ramp / nullif(p.n_accounts, 0) as share,
        t.n - p.n_accounts as n_others,
        case when t.n - p.n_accounts >= 20 then (t.n_no_ramp - p.n_no_ramp) / nullif(t.n - p.n_accounts, 0) end as share_of_others
    from per_group as p
    cross join log_totals as t
)
select
    group_id as entity_id,
    round(share, 6) >= round(greatest(0.5, coalesce(share_of_others, 0) + 0.3), 6) as is_fired,
    round(share, 6) as value,
    round(share_of_others, 6) as baseline,
    round(greatest(0.5, coalesce(share_of_others, 0) + 0.3), 6) as threshold,
    n_exchanges,
    n_accounts,
    n_no_ramp,
    round(median_share, 6) as median_first_day_share,
    n_others
from judged
order by entity_id;
