-- One rare passage inside of the otherwise different prompts of many accounts
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
create or replace temp table groups as
select
    group_id,
    split_part(group_id, ':', 1) as kind,
    sum(n_exchanges)::bigint as n_exchanges,
    count(*) as n_accounts
from group_accounts
group by group_id;
with passages as (
    select group_id, n_accounts
    from groups
    where kind = 'passage' and n_accounts >= 20 and n_exchanges >= 100
),
carriers as (
    select
        g.group_id,
        g.account_id,
        g.n_exchanges as n_carrying,
        p.n_exchanges,
        g.n_exchanges / nullif(p.n_exchanges, 0) as share,
        c.named_customer as customer
    from group_accounts as g
    semi join passages as s on s.group_id = g.group_id
    join account_profiles as p on p.account_id = g.account_id
    join customers as c on c.account_id = g.account_id
    where g.n_exchanges >= 3
),
by_customer as (
    select group_id, customer, count(*) as n from carriers group by group_id, customer
),
largest as (
    select group_id, max(n) as n_largest, count(*) as n_customers from by_customer group by group_id
),
carried as (
    select group_id, sum(n_exchanges)::bigint as n from group_accounts group by group_id
),
measured as (
    select
        c.group_id,
        count(*) as n_carriers,
        sum(c.n_carrying)::bigint as n_carrying,
        sum(c.n_exchanges)::bigint as n_of_carriers,
        median(c.share) as share
    from carriers as c
    group by c.group_id
    having count(*) >= 20
),
fillings as (
    select e.group_id, e.prompt_hash
    from group_exchanges as e
    semi join measured as m on m.group_id = e.group_id
    group by e.group_id, e.prompt_hash
),
filled as (
    select group_id, count(*) as n_distinct_prompts from fillings group by group_id
),
population as (
    select count(*) as n_accounts, sum(n_exchanges)::bigint as n_exchanges from account_profiles
),
judged as (
    select
        m.*,
        s.n_accounts,
        t.n as n_all,
        f.n_distinct_prompts,
        f.n_distinct_prompts / nullif(t.n, 0) as distinct_share,
        m.n_carriers / nullif(p.n_accounts, 0) as account_share,
        l.n_largest / nullif(m.n_carriers, 0) as largest_customer_share,
        l.n_customers,
        coalesce((t.n - m.n_carrying) / nullif(p.n_exchanges - m.n_of_carriers, 0), 0) as rest_share
    from measured as m
    join passages as s on s.group_id = m.group_id
    join carried as t on t.group_id = m.group_id
    join filled as f on f.group_id = m.group_id
    join largest as l on l.group_id = m.group_id
    cross join population as p
)
select
    group_id as entity_id,
    round(share, 6) >= round(greatest(0.2, 20 * rest_share), 6)
    and n_distinct_prompts >= 80
    and distinct_share >= 0.5
    and account_share <= 0.2
    and largest_customer_share <= 0.5 as is_fired,
    share as value,
    rest_share as baseline,
    greatest(0.2, 20 * rest_share)::double as threshold,
    n_all as n_exchanges,
    n_accounts,
    n_carriers,
    n_distinct_prompts,
    account_share,
    largest_customer_share,
    n_customers as n_tenants
from judged
order by entity_id;
