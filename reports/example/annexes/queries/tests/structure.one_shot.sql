-- A group asks once and never follows up, where other accounts hold conversations
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
create or replace temp view group_accounts as select * from accounts_of_groups;
create or replace temp table groups as
select
    group_id,
    split_part(group_id, ':', 1) as kind,
    sum(n_exchanges)::bigint as n_exchanges,
    count(*) as n_accounts
from group_accounts
group by group_id;
create or replace temp view customers as from read_parquet(['data/customers.parquet']);
create or replace temp table sessions as
select e.session_id, count(*) as n_exchanges, count(distinct e.account_id) as n_accounts, count(distinct c.customer) as n_customers
from exchange_features as e
join customers as c on c.account_id = e.account_id
where e.session_id is not null
group by e.session_id
order by e.session_id;
with long_sessions as (
    select session_id from sessions where n_exchanges > 1
),
accounts as (
    select
        e.account_id,
        count(*) filter (where coalesce(e.n_turns, 0) <= 2 and s.session_id is null) / nullif(count(*), 0) as share
    from exchange_features as e
    left join long_sessions as s on s.session_id = e.session_id
    where e.n_turns is not null or e.session_id is not null
    group by e.account_id
    having count(*) >= 20
    order by md5(e.account_id), e.account_id
    limit 500
),
large_groups as (
    select group_id, n_accounts
    from groups
    where kind <> 'prompt' and n_accounts >= 20 and n_exchanges >= 200
),
measured as (
    select
        e.group_id,
        count(*) as n,
        count(*) filter (where coalesce(e.n_turns, 0) <= 2 and s.session_id is null) / nullif(count(*), 0) as share,
        median(e.n_turns) as median_turns,
        count(e.session_id) / nullif(count(*), 0) as share_with_session
    from group_exchanges as e
    semi join large_groups as g on g.group_id = e.group_id
    left join long_sessions as s on s.session_id = e.session_id
    where e.n_turns is not null or e.session_id is not null
    group by e.group_id
    having count(*) >= 200
),
outside as (
    select m.group_id, median(a.share) as share, count(*) as n_accounts
    from measured as m
    cross join accounts as a
    anti join all_group_accounts as g on g.group_id = m.group_id and g.account_id = a.account_id
    group by m.group_id
    having count(*) >= 30
)
select
    m.group_id as entity_id,
    round(m.share, 6) >= round(greatest(0.95, 1 - (1 - o.share) / nullif(5, 0)), 6)
    and round(1 - o.share, 6) >= 0.2 as is_fired,
    m.share as value,
    o.share as baseline,
    greatest(0.95, 1 - (1 - o.share) / nullif(5, 0))::double as threshold,
    m.n as n_exchanges,
    g.n_accounts,
    m.median_turns,
    m.share_with_session,
    o.n_accounts as n_reference_accounts
from measured as m
join large_groups as g on g.group_id = m.group_id
join outside as o on o.group_id = m.group_id
order by entity_id;
