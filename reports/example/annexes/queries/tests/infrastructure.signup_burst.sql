-- The accounts of a group were made in bursts
create or replace temp view account_profiles as from read_parquet(['data/account_profiles.parquet']);
create or replace temp view customers as from read_parquet(['data/customers.parquet']);
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
with signups as (
    select p.account_id, c.named_customer as tenant, p.created_at, p.n_exchanges
    from account_profiles as p
    join customers as c on c.account_id = p.account_id
    where p.created_at is not null
),
-- One sign-up per tenant, its first: a company or a school makes accounts in one go.
log_signups as (
    select tenant, min(created_at) as created_at
    from signups
    group by tenant
),
log_density as (
    select
        tenant,
        count(*) over (order by created_at range between to_minutes(30) preceding and to_minutes(30) following) as n_near,
        count(*) over (order by created_at range between interval 12 hours preceding and interval 12 hours following) as n_day
    from log_signups
),
log_totals as (
    select count(*) as n from log_signups
),
tenants_of_groups as (
    select g.group_id, s.tenant, l.created_at, sum(s.n_exchanges)::bigint as n_exchanges
    from group_accounts as g
    join signups as s on s.account_id = g.account_id
    join log_signups as l on l.tenant = s.tenant
    group by g.group_id, s.tenant, l.created_at
),
members as (
    select group_id, tenant, n_exchanges, created_at, count(*) over (partition by group_id) as n_tenants
    from tenants_of_groups
    qualify count(*) over (partition by group_id) >= 20
),
with_neighbours as (
    select
        group_id,
        tenant,
        n_exchanges,
        n_tenants,
        count(*) over near as n_near,
        count(*) over day as n_day
    from members
    window
        near as (partition by group_id order by created_at range between to_minutes(30) preceding and to_minutes(30) following),
        day as (partition by group_id order by created_at range between interval 12 hours preceding and interval 12 hours following)
),
-- Neighbours that a tenant would have if the others of the group had signed up like the accounts outside of it: the larger of their
-- density within the window and over the day around it; one is added so that a quiet day is no division by zero.
with_expectation as (
    select
        m.group_id,
        m.tenant,
        m.n_exchanges,
        m.n_tenants,
        m.n_near,
        (m.n_tenants - 1)
            * greatest(d.n_near - m.n_near, (d.n_day - m.n_day + 1) * 2 * 30 / 1440)
            / nullif(t.n - m.n_tenants, 0) as n_expected
    from with_neighbours as m
    join log_density as d on d.tenant = m.tenant
    cross join log_totals as t
    where t.n - m.n_tenants >= 100
),
judged as (
    select
        group_id,
        min(n_tenants) as n_tenants,
        sum(n_exchanges)::bigint as n_exchanges,
        sum(n_near - 1)::bigint / 2 as n_pairs,
        sum(n_expected order by tenant) / 2 as n_pairs_expected,
        count(*) filter (where n_near - 1 >= 2) / nullif(count(*), 0) as share_in_bursts,
        max(n_near) as largest_burst
    from with_expectation
    group by group_id
)
select
    group_id as entity_id,
    round(n_pairs / nullif(n_pairs_expected, 0), 6) >= 5 and round(share_in_bursts, 6) >= 0.3 as is_fired,
    round(n_pairs / nullif(n_pairs_expected, 0), 6) as value,
    1.0::double as baseline,
    5::double as threshold,
    n_exchanges,
    n_tenants as n_accounts,
    round(share_in_bursts, 6) as share_in_bursts,
    ceil(n_pairs)::bigint as n_pairs,
    round(n_pairs_expected, 6) as n_pairs_expected,
    largest_burst
from judged
order by entity_id;
