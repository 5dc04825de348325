-- The accounts of a group use far more than others pay for with the same plan
create or replace temp view account_days as from read_parquet(['data/account_days.parquet']);
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
create or replace temp view all_group_accounts as select * from accounts_of_groups;
create or replace temp view customers as from read_parquet(['data/customers.parquet']);
create or replace temp view group_accounts as select * from accounts_of_groups;
with units as (
    select case when count(*) filter (where output_tokens > 0) * 2 > count(*) then 'tokens' else 'exchanges' end as use_unit from account_profiles
),
accounts as (
    select
        p.account_id,
        p.plan,
        p.n_exchanges,
        c.named_customer as tenant,
        case u.use_unit when 'tokens' then p.output_tokens else p.n_exchanges end / nullif(p.n_active_days, 0) as daily_use
    from account_profiles as p
    join customers as c on c.account_id = p.account_id
    cross join units as u
    where p.plan is not null and p.n_active_days >= 3 and case u.use_unit when 'tokens' then p.output_tokens else p.n_exchanges end is not null
),
members as (
    select g.group_id, a.*
    from group_accounts as g
    join accounts as a on a.account_id = g.account_id
),
sizes as (
    select group_id, count(*) as n_accounts, sum(n_exchanges)::bigint as n_exchanges
    from members
    group by group_id
    having count(distinct tenant) >= 20
),
sampled as (
    select account_id, plan, daily_use
    from accounts
    qualify row_number() over (partition by plan order by md5(account_id), account_id) <= 500
),
asked as (
    select distinct m.group_id, m.plan
    from members as m
    semi join sizes as s on s.group_id = m.group_id
),
outside as (
    select q.group_id, q.plan, s.daily_use
    from asked as q
    join sampled as s on s.plan = q.plan
    anti join all_group_accounts as g on g.group_id = q.group_id and g.account_id = s.account_id
),
usual as (
    select group_id, plan, count(*) as n, quantile_cont(daily_use, 0.8) as high, median(daily_use) as middle
    from outside
    group by group_id, plan
    having count(*) >= 20
),
usual_shares as (
    select o.group_id, count(*) filter (where o.daily_use > u.high) / nullif(count(*), 0) as share
    from outside as o
    join usual as u on u.group_id = o.group_id and u.plan = o.plan
    group by o.group_id
),
ceilings as (
    select account_id, count(*) filter (where n_exchanges >= 0.8 * busiest) / nullif(count(*), 0) as share
    from (select account_id, n_exchanges, max(n_exchanges) over (partition by account_id) as busiest from account_days)
    group by account_id
),
compared as (
    select m.group_id, m.account_id, m.plan, m.n_exchanges, m.tenant, m.daily_use > u.high as is_above, m.daily_use / nullif(u.middle, 0) as ratio, c.share as at_ceiling
    from members as m
    join usual as u on u.group_id = m.group_id and u.plan = m.plan
    join ceilings as c on c.account_id = m.account_id
),
plans_above as (
    select group_id, plan
    from compared
    where is_above
    group by group_id, plan
    qualify row_number() over (partition by group_id order by count(*) desc, plan) = 1
),
judged as (
    select
        group_id,
        count(*) as n_accounts,
        sum(n_exchanges)::bigint as n_exchanges,
        count(*) filter (where is_above) as n_above,
        median(ratio) as median_ratio,
        median(at_ceiling) as at_ceiling
    from compared
    group by group_id
    having count(distinct tenant) >= 20
)
select
    j.group_id as entity_id,
    round(j.n_above / nullif(j.n_accounts, 0), 6) >= round(greatest(0.5, s.share + 0.3), 6) as is_fired,
    round(j.n_above / nullif(j.n_accounts, 0), 6) as value,
    round(s.share, 6) as baseline,
    round(greatest(0.5, s.share + 0.3), 6) as threshold,
    j.n_exchanges,
    j.n_accounts,
    p.plan,
    j.n_above as n_accounts_above,
    round(j.median_ratio, 3) as median_ratio,
    u.use_unit,
    round(j.at_ceiling, 6) as share_at_ceiling
from judged as j
join usual_shares as s on s.group_id = j.group_id
left join plans_above as p on p.group_id = j.group_id
cross join units as u
order by entity_id;
