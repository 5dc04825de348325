-- The accounts of a group each go through many different sets of tools
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
create or replace temp view all_group_accounts as select * from accounts_of_groups;
create or replace temp view exchange_features as from read_parquet(['data/exchange_features.parquet']);
create or replace temp view group_accounts as select * from accounts_of_groups;
create or replace temp view carried_exchanges as
select system_template as group_id, * from exchange_features where system_template is not null
union all
select prefix_template as group_id, * from exchange_features where prefix_template is not null
union all
select suffix_template as group_id, * from exchange_features where suffix_template is not null
union all
select near_template as group_id, * from exchange_features where near_template is not null
union all
select passage_template as group_id, * from exchange_features where passage_template is not null
union all
select case when coalesce(prompt_chars, 16) >= 16 then 'prompt:' || prompt_hash end as group_id, * from exchange_features where case when coalesce(prompt_chars, 16) >= 16 then 'prompt:' || prompt_hash end is not null
union all
select parameter_template as group_id, * from exchange_features where parameter_template is not null
union all
select program_template as group_id, * from exchange_features where program_template is not null
union all
select pace_template as group_id, * from exchange_features where pace_template is not null
union all
select varied_template as group_id, * from exchange_features where varied_template is not null
union all
select mark_template as group_id, * from exchange_features where mark_template is not null;
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
create or replace temp table groups as
select
    group_id,
    split_part(group_id, ':', 1) as kind,
    sum(n_exchanges)::bigint as n_exchanges,
    count(*) as n_accounts
from group_accounts
group by group_id;
with account_schemas as (
    select account_id, tools_sha256, count(*) as n
    from exchange_features
    where tools_sha256 is not null
    group by account_id, tools_sha256
),
account_totals as (
    select account_id, sum(n)::bigint as n from account_schemas group by account_id having sum(n) >= 10
),
-- A set seen n times out of N is among m random exchanges with probability 1 - (1 - m / N) ^ n.
accounts as (
    select s.account_id, t.n, round(sum(1 - pow(1 - 10 / nullif(t.n, 0), s.n) order by s.n), 3) as n_different
    from account_schemas as s
    join account_totals as t on t.account_id = s.account_id
    group by s.account_id, t.n
),
large_groups as (
    select group_id from groups where kind <> 'prompt' and n_accounts >= 20 and n_exchanges >= 200
),
measured as (
    select a.group_id, median(c.n_different) as n_different, count(*) as n_accounts
    from group_accounts as a
    semi join large_groups as g on g.group_id = a.group_id
    join accounts as c on c.account_id = a.account_id
    group by a.group_id
    having count(*) >= 20
),
group_schemas as (
    select e.group_id, e.tools_sha256, count(*) as n, count(distinct e.account_id) as n_accounts
    from group_exchanges as e
    semi join measured as m on m.group_id = e.group_id
    where e.tools_sha256 is not null
    group by e.group_id, e.tools_sha256
),
schemas as (
    select group_id, sum(n)::bigint as n_exchanges, count(*) as n_schemas, max(n_accounts) as widest
    from group_schemas
    group by group_id
    having sum(n) >= 200
),
outside as (
    select m.group_id, median(c.n_different) as middle, quantile_cont(c.n_different, 0.95) as upper_end, count(*) as n_accounts
    from measured as m
    cross join (select account_id, n_different from accounts order by md5(account_id), account_id limit 500) as c
    anti join all_group_accounts as a on a.group_id = m.group_id and a.account_id = c.account_id
    group by m.group_id
    having count(*) >= 20
)
select
    m.group_id as entity_id,
    round(m.n_different, 6) >= round(greatest(o.upper_end, 2 * o.middle), 6) and s.n_schemas >= 50 as is_fired,
    m.n_different as value,
    o.middle as baseline,
    greatest(o.upper_end, 2 * o.middle)::double as threshold,
    s.n_exchanges,
    m.n_accounts,
    s.n_schemas,
    s.n_exchanges / nullif(s.n_schemas, 0) as calls_per_schema,
    s.widest as widest_schema_accounts,
    o.n_accounts as n_reference_accounts
from measured as m
join schemas as s on s.group_id = m.group_id
join outside as o on o.group_id = m.group_id
order by entity_id;
