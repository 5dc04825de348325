-- Accounts of a group share addresses that few others use, or change networks far more than others
create or replace temp view account_attributes as from read_parquet(['data/account_attributes.parquet']);
create or replace temp view account_profiles as from read_parquet(['data/account_profiles.parquet']);
create or replace temp view customers as from read_parquet(['data/customers.parquet']);
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
with with_address as (
    select p.account_id, c.named_customer as tenant, p.n_exchanges, p.n_ip_prefixes
    from account_profiles as p
    join customers as c on c.account_id = p.account_id
    where p.n_ips > 0
),
usual as (
    select median(n_ip_prefixes) as n_networks from with_address
),
uses as (
    select a.value as address, a.account_id, w.tenant
    from account_attributes as a
    join with_address as w on w.account_id = a.account_id
    where a.attribute = 'ip'
),
shared_addresses as (
    select address, count(*) as n_accounts
    from uses
    group by address
    having count(distinct tenant) >= 5
),
shared_uses as (
    select u.address, u.account_id, u.tenant, s.n_accounts
    from uses as u
    join shared_addresses as s on s.address = u.address
),
marked_in_log as (
    select
        w.account_id,
        s.account_id is not null or w.n_ip_prefixes >= greatest(6, 4 * usual.n_networks) as is_marked
    from with_address as w
    cross join usual
    left join (select distinct account_id from shared_uses) as s on s.account_id = w.account_id
),
log_totals as (
    select count(*) as n, count(*) filter (where is_marked) as n_marked from marked_in_log
),
members as (
    select g.group_id, g.account_id
    from group_accounts as g
    semi join with_address as w on w.account_id = g.account_id
    qualify count(*) over (partition by g.group_id) >= 20
),
group_addresses as (
    select m.group_id, s.address, count(*) as n_accounts
    from members as m
    join shared_uses as s on s.account_id = m.account_id
    group by m.group_id, s.address
    having count(distinct s.tenant) >= 5 and count(*) >= 0.5 * min(s.n_accounts)
),
address_totals as (
    select group_id, count(*) as n_addresses, max(n_accounts) as most_accounts
    from group_addresses
    group by group_id
),
fan_in as (
    select distinct g.group_id, m.account_id
    from group_addresses as g
    join uses as u on u.address = g.address
    join members as m on m.group_id = g.group_id and m.account_id = u.account_id
),
per_group as (
    select
        m.group_id,
        count(*) as n_accounts,
        sum(w.n_exchanges)::bigint as n_exchanges,
        median(w.n_ip_prefixes) as median_networks,
        count(f.account_id) as n_fan_in,
        count(*) filter (where w.n_ip_prefixes >= greatest(6, 4 * usual.n_networks)) as n_fan_out,
        count(*) filter (
            where f.account_id is not null or w.n_ip_prefixes >= greatest(6, 4 * usual.n_networks)) as n_marked,
        count(*) filter (where l.is_marked) as n_marked_in_log
    from members as m
    join with_address as w on w.account_id = m.account_id
    join marked_in_log as l on l.account_id = m.account_id
    cross join usual
    left join fan_in as f on f.group_id = m.group_id and f.account_id = m.account_id
    group by m.group_id
),
judged as (
    select
        p.group_id,
        p.n_accounts,
        p.n_exchanges,
        p.median_networks,
        p.n_fan_in,
        p.n_fan_out,
        p.n_marked / nullif(p.n_accounts, 0) as share,
        (t.n_marked - p.n_marked_in_log) / nullif(t.n - p.n_accounts, 0) as share_of_others
    from per_group as p
    cross join log_totals as t
)
select
    j.group_id as entity_id,
    round(j.share, 6) >= round(greatest(0.5, coalesce(j.share_of_others, 0) + 0.3), 6) as is_fired,
    round(j.share, 6) as value,
    round(j.share_of_others, 6) as baseline,
    round(greatest(0.5, coalesce(j.share_of_others, 0) + 0.3), 6) as threshold,
    j.n_exchanges,
    j.n_accounts,
    round(j.n_fan_in / nullif(j.n_accounts, 0), 6) as share_fan_in,
    round(j.n_fan_out / nullif(j.n_accounts, 0), 6) as share_fan_out,
    coalesce(a.n_addresses, 0) as n_shared_addresses,
    coalesce(a.most_accounts, 0) as most_accounts_per_address,
    j.median_networks
from judged as j
left join address_totals as a on a.group_id = j.group_id
order by entity_id;
