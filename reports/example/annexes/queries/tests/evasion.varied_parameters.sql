-- The accounts of a group draw their call parameters anew for every call
create or replace temp view exchange_features as from read_parquet(['data/exchange_features.parquet']);
create or replace temp view account_attributes as from read_parquet(['data/account_attributes.parquet']);
create or replace temp view account_profiles as from read_parquet(['data/account_profiles.parquet']);
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
with sets as (
    select account_id, parameter_template, count(*) as n
    from exchange_features
    where parameter_template is not null
    group by account_id, parameter_template
),
accounts as (
    select
        account_id,
        sum(n)::bigint as n_exchanges,
        count(*) filter (where n >= 2) as n_sets,
        count(*) filter (where n >= 2) >= 5 and max(n) <= 0.5 * sum(n) as is_varied
    from sets
    group by account_id
    having sum(n) >= 20
),
log_totals as (
    select count(*) as n_accounts, count(*) filter (where is_varied) as n_varied from accounts
),
per_group as (
    select
        g.group_id,
        count(*) as n_accounts,
        count(*) filter (where a.is_varied) as n_varied,
        sum(a.n_exchanges)::bigint as n_exchanges,
        median(a.n_sets) as median_sets
    from group_accounts as g
    join accounts as a on a.account_id = g.account_id
    group by g.group_id
    having count(*) >= 20
),
judged as (
    select
        p.*,
        l.n_accounts - p.n_accounts as n_others,
        p.n_varied / nullif(p.n_accounts, 0) as share,
        (l.n_varied - p.n_varied) / nullif(l.n_accounts - p.n_accounts, 0) as share_of_others
    from per_group as p
    cross join log_totals as l
    where l.n_accounts - p.n_accounts >= 20
)
select
    group_id as entity_id,
    round(share, 6) >= round(greatest(0.5, share_of_others + 0.3), 6) as is_fired,
    round(share, 6) as value,
    round(share_of_others, 6) as baseline,
    round(greatest(0.5, share_of_others + 0.3), 6) as threshold,
    n_exchanges,
    n_accounts,
    n_varied,
    median_sets,
    n_others
from judged
order by entity_id;
