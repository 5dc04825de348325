-- Accounts of a group that belong to different tenants are paid for with the same methods
create or replace temp view account_profiles as from read_parquet(['data/account_profiles.parquet']);
create or replace temp view customers as from read_parquet(['data/customers.parquet']);
create or replace temp view account_attributes as from read_parquet(['data/account_attributes.parquet']);
create or replace temp view cluster_members as from read_parquet(['data/cluster_members.parquet']);
create or replace temp view templates as from read_parquet(['data/templates.parquet']);
create or replace temp table accounts_of_groups as
with members as (
    select a.value as group_id, a.account_id, a.n_exchanges
    from account_attributes as a
    semi join templates as t on t.template_id = a.value and t.kind = a.attribute and t.n_accounts >= 10
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
with paid as (
    select
        p.account_id,
        p.payment_fingerprint as method,
        c.named_customer as tenant,
        p.n_exchanges
    from account_profiles as p
    join customers as c on c.account_id = p.account_id
    where p.payment_fingerprint is not null
),
methods as (
    select method, count(*) as n_accounts, count(distinct tenant) > 1 as is_shared
    from paid
    group by method
),
log_totals as (
    select count(*) as n, count(*) filter (where m.is_shared) as n_sharing
    from paid as p
    join methods as m on m.method = p.method
),
members as (
    select g.group_id, g.account_id, p.method, p.tenant, p.n_exchanges
    from group_accounts as g
    join paid as p on p.account_id = g.account_id
    qualify count(*) over (partition by g.group_id) >= 20
),
group_methods as (
    select
        m.group_id,
        m.method,
        count(*) as n_accounts,
        sum(m.n_exchanges)::bigint as n_exchanges,
        min(a.is_shared::int) = 1 as is_shared_in_log,
        count(distinct m.tenant) > 1 and count(*) >= 0.5 * min(a.n_accounts) as is_shared
    from members as m
    join methods as a on a.method = m.method
    group by m.group_id, m.method
),
per_group as (
    select
        group_id,
        sum(n_accounts)::bigint as n_accounts,
        sum(n_exchanges)::bigint as n_exchanges,
        coalesce(sum(n_accounts) filter (where is_shared), 0)::bigint as n_sharing,
        coalesce(sum(n_accounts) filter (where is_shared_in_log), 0)::bigint as n_sharing_in_log,
        count(*) filter (where is_shared) as n_methods,
        coalesce(max(n_accounts) filter (where is_shared), 0) as most_accounts
    from group_methods
    group by group_id
),
judged as (
    select
        p.group_id,
        p.n_accounts,
        p.n_exchanges,
        p.n_sharing,
        p.n_methods,
        p.most_accounts,
        p.n_sharing / nullif(p.n_accounts, 0) as share,
        (t.n_sharing - p.n_sharing_in_log) / nullif(t.n - p.n_accounts, 0) as share_of_others
    from per_group as p
    cross join log_totals as t
)
select
    group_id as entity_id,
    round(share, 6) >= round(greatest(0.3, coalesce(share_of_others, 0) + 0.2), 6)
    and n_sharing >= 10 as is_fired,
    round(share, 6) as value,
    round(share_of_others, 6) as baseline,
    round(greatest(0.3, coalesce(share_of_others, 0) + 0.2), 6) as threshold,
    n_exchanges,
    n_accounts,
    n_sharing,
    n_methods as n_shared_methods,
    most_accounts as most_accounts_per_method
from judged
order by entity_id;
