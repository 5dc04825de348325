-- Single conversations run over several accounts
create or replace temp view account_attributes as from read_parquet(['data/account_attributes.parquet']);
create or replace temp view account_profiles as from read_parquet(['data/account_profiles.parquet']);
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
select mark_template as group_id, * from exchange_features where mark_template is not null
union all
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
select system_template as group_id, * from exchange_features where system_template is not null
union all
select varied_template as group_id, * from exchange_features where varied_template is not null;
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
-- Counted in steps: most sessions are of one account, and counting distinct ones within millions of sessions takes three times as long.
with of_accounts as (
    select session_id, account_id, count(*) as n_exchanges from exchange_features where session_id is not null group by session_id, account_id
),
of_customers as (
    select o.session_id, c.customer, sum(o.n_exchanges)::bigint as n_exchanges, count(*) as n_accounts
    from of_accounts as o
    join customers as c on c.account_id = o.account_id
    group by o.session_id, c.customer
)
select session_id, sum(n_exchanges)::bigint as n_exchanges, sum(n_accounts)::bigint as n_accounts, count(*) as n_customers
from of_customers
group by session_id
having sum(n_exchanges) > 1;
with large_groups as (
    select group_id from groups where n_accounts >= 20
),
conversations as (
    select session_id, n_customers > 1 as is_split, n_accounts from sessions where n_exchanges >= 2
),
log_totals as (
    select count(*) as n, count(*) filter (where is_split) as n_split from conversations
),
group_sessions as (
    select g.group_id, g.session_id, count(*) as n
    from group_exchanges as g
    semi join large_groups as l on l.group_id = g.group_id
    semi join conversations as s on s.session_id = g.session_id
    group by g.group_id, g.session_id
),
per_group as (
    select
        g.group_id,
        count(*) as n_sessions,
        sum(g.n)::bigint as n_exchanges,
        count(*) filter (where s.is_split) as n_split,
        sum(s.n_accounts) filter (where s.is_split)::bigint as n_accounts_of_split
    from group_sessions as g
    join conversations as s on s.session_id = g.session_id
    group by g.group_id
    having count(*) >= 20
),
split_accounts as (
    select g.group_id, count(distinct g.account_id) as n
    from group_exchanges as g
    semi join per_group as p on p.group_id = g.group_id and p.n_split > 0
    semi join (select session_id from conversations where is_split) as s on s.session_id = g.session_id
    group by g.group_id
),
judged as (
    select
        p.group_id,
        l.n_accounts,
        p.n_exchanges,
        p.n_split,
        p.n_accounts_of_split,
        coalesce(a.n, 0) as n_split_accounts,
        p.n_split / nullif(p.n_sessions, 0) as share,
        (t.n_split - p.n_split) / nullif(t.n - p.n_sessions, 0) as share_in_rest
    from per_group as p
    join groups as l on l.group_id = p.group_id
    left join split_accounts as a on a.group_id = p.group_id
    cross join log_totals as t
)
select
    group_id as entity_id,
    round(share, 6) >= round(greatest(0.3, coalesce(share_in_rest, 0) + 0.2), 6)
    and n_split_accounts >= 20 as is_fired,
    round(share, 6) as value,
    round(share_in_rest, 6) as baseline,
    round(greatest(0.3, coalesce(share_in_rest, 0) + 0.2), 6) as threshold,
    n_exchanges,
    n_accounts,
    n_split as n_split_sessions,
    n_split_accounts,
    round(n_accounts_of_split / nullif(n_split, 0), 6) as mean_accounts_per_split
from judged
order by entity_id;
