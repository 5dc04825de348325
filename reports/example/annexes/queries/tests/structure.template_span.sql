-- One frame filled with many different contents from many accounts
create or replace temp view account_profiles as from read_parquet(['data/account_profiles.parquet']);
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
create or replace temp view exchange_features as from read_parquet(['data/exchange_features.parquet']);
create or replace temp view carried_exchanges as
select near_template as group_id, * from exchange_features where near_template is not null
union all
select pace_template as group_id, * from exchange_features where pace_template is not null
union all
select parameter_template as group_id, * from exchange_features where parameter_template is not null
union all
select passage_template as group_id, * from exchange_features where passage_template is not null
union all
select prefix_template as group_id, * from exchange_features where prefix_template is not null
union all
select suffix_template as group_id, * from exchange_features where suffix_template is not null
union all
select system_template as group_id, * from exchange_features where system_template is not null;
create or replace temp view stored_group_exchanges as
select carried.*
from carried_exchanges as carried
semi join accounts_of_groups as a on a.group_id = carried.group_id
union all
select a.group_id, e.*
from exchange_features as e
join accounts_of_groups as a on a.account_id = e.account_id
where starts_with(a.group_id, 'cluster:');
create or replace temp view group_exchanges as select * from stored_group_exchanges;
create or replace temp view group_accounts as select * from accounts_of_groups;
create or replace temp table groups as
select
    group_id,
    split_part(group_id, ':', 1) as kind,
    sum(n_exchanges)::bigint as n_exchanges,
    count(*) as n_accounts
from group_accounts
group by group_id;
with frames as (
    select group_id, kind, n_accounts
    from groups
    where kind in ('system', 'prefix', 'suffix', 'near') and n_accounts >= 20 and n_exchanges >= 200
),
-- Counting in two steps keeps the memory bounded; a count of distinct values cannot spill to disk.
fillings as (
    select e.group_id, e.prompt_hash, count(*) as n
    from group_exchanges as e
    semi join frames as f on f.group_id = e.group_id
    where e.prompt_hash is not null
    group by e.group_id, e.prompt_hash
),
measured as (
    select group_id, sum(n)::bigint as n_exchanges, count(*) as n_distinct_prompts
    from fillings
    group by group_id
    having sum(n) >= 200
),
reference as (
    select median(n_distinct_prompts / nullif(n_exchanges, 0)) as distinct_share
    from templates
    where kind in ('system', 'prefix', 'suffix', 'near') and n_accounts >= 20 and n_exchanges >= 200
),
judged as (
    select
        m.group_id,
        m.n_exchanges,
        m.n_distinct_prompts,
        f.n_accounts,
        m.n_distinct_prompts / nullif(m.n_exchanges, 0) as distinct_share,
        f.n_accounts / nullif(p.n_accounts, 0) as account_share,
        f.kind = 'system' and f.n_accounts / nullif(p.n_accounts, 0) > 0.2 as is_product_default
    from measured as m
    join frames as f on f.group_id = m.group_id
    cross join (select count(*) as n_accounts from account_profiles) as p
)
select
    j.group_id as entity_id,
    j.distinct_share >= 0.5 and not j.is_product_default as is_fired,
    j.distinct_share as value,
    r.distinct_share as baseline,
    0.5::double as threshold,
    j.n_exchanges,
    j.n_accounts,
    j.n_distinct_prompts,
    j.account_share,
    j.is_product_default
from judged as j
cross join reference as r
order by entity_id;
