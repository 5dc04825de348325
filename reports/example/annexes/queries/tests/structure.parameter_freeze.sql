-- One rare setting of call parameters over many accounts that share nothing else
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
create or replace temp table groups as
select
    group_id,
    split_part(group_id, ':', 1) as kind,
    sum(n_exchanges)::bigint as n_exchanges,
    count(*) as n_accounts
from group_accounts
group by group_id;
with settings as (
    select group_id, n_exchanges, n_accounts
    from groups
    where kind = 'parameters' and n_accounts >= 20 and n_exchanges >= 400
),
unrelated as (
    select p.account_id, p.n_exchanges, c.named_customer as unit
    from account_profiles as p
    join customers as c on c.account_id = p.account_id
),
log_units as (
    select count(distinct unit) as n_tenants from unrelated
),
measured as (
    select
        a.group_id,
        count(distinct u.unit) as n_tenants,
        sum(a.n_exchanges) / nullif(sum(u.n_exchanges), 0) as frozen_share,
        count(*) filter (where a.n_exchanges = u.n_exchanges) as n_accounts_always
    from group_accounts as a
    join unrelated as u on u.account_id = a.account_id
    semi join settings as s on s.group_id = a.group_id
    group by a.group_id
),
judged as (
    select m.*, -log2(greatest(m.n_tenants, 1) / nullif(l.n_tenants, 0)) as bits
    from measured as m
    cross join log_units as l
)
select
    s.group_id as entity_id,
    j.n_tenants >= 20 and j.bits >= 4 and j.frozen_share >= 0.5 as is_fired,
    j.bits as value,
    median(j.bits) over () as baseline,
    4::double as threshold,
    s.n_exchanges,
    s.n_accounts,
    j.n_tenants,
    j.frozen_share,
    j.n_accounts_always
from settings as s
join judged as j on j.group_id = s.group_id
order by entity_id;
