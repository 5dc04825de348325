-- The accounts of a group never rest
create or replace temp view exchange_features as from read_parquet(['data/exchange_features.parquet']);
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
create or replace temp view group_accounts as select * from accounts_of_groups;
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
with members as (
    select group_id, account_id
    from group_accounts
    where n_exchanges >= 100
    qualify count(*) over (partition by group_id) >= 20
),
-- Group NULL stands for all traffic of an account: the comparison.
account_clocks as (
    select e.group_id, e.account_id, hour(e.started_at) as hour_of_day, count(*) as n, min(e.started_at) as first_at, max(e.started_at) as last_at
    from group_exchanges as e
    semi join members as m on m.group_id = e.group_id and m.account_id = e.account_id
    group by e.group_id, e.account_id, hour(e.started_at)
    union all
    select null, account_id, hour(started_at), count(*), min(started_at), max(started_at)
    from exchange_features
    group by account_id, hour(started_at)
),
account_totals as (
    select group_id, account_id, sum(n)::bigint as n
    from account_clocks
    group by group_id, account_id
    having sum(n) >= 100 and max(last_at) - min(first_at) >= to_days(7)
),
-- Every hour of the day counts in the six windows that contain it; a window that no hour falls into is empty.
windows as (
    select c.group_id, c.account_id, (c.hour_of_day - o.n_back + 24) % 24 as begins, sum(c.n)::bigint as n
    from account_clocks as c
    join account_totals as t on t.account_id = c.account_id and t.group_id is not distinct from c.group_id
    cross join (select unnest(range(6)) as n_back) as o
    group by c.group_id, c.account_id, (c.hour_of_day - o.n_back + 24) % 24
),
quietest as (
    select group_id, account_id, case when count(*) < 24 then 0 else min(n) end as n_quiet
    from windows
    group by group_id, account_id
),
clocks as (
    select
        t.group_id,
        t.account_id,
        t.n,
        q.n_quiet / nullif(t.n, 0) as quiet_share,
        q.n_quiet >= 0.1 * t.n as is_flat,
        floor(log2(greatest(t.n, 1)))::bigint as volume_class
    from account_totals as t
    join quietest as q on q.account_id = t.account_id and q.group_id is not distinct from t.group_id
),
log_classes as (
    select volume_class, count(*) as n, count(*) filter (where is_flat) as n_flat
    from clocks
    where group_id is null
    group by volume_class
),
group_classes as (
    select
        g.group_id,
        g.volume_class,
        count(*) as n_members
    from clocks as g
    where g.group_id is not null
    group by g.group_id, g.volume_class
),
-- Members of the group, with all of their traffic, in the classes of the log: taken out of the comparison.
members_in_log as (
    select g.group_id, l.volume_class, count(*) as n, count(*) filter (where l.is_flat) as n_flat
    from clocks as g
    join clocks as l on l.account_id = g.account_id and l.group_id is null
    where g.group_id is not null
    group by g.group_id, l.volume_class
),
baselines as (
    select
        g.group_id,
        sum(g.n_members * (l.n_flat - coalesce(m.n_flat, 0)) / nullif(l.n - coalesce(m.n, 0), 0) order by g.volume_class)
            / nullif(sum(g.n_members) filter (where l.n > coalesce(m.n, 0)), 0) as share
    from group_classes as g
    left join log_classes as l on l.volume_class = g.volume_class
    left join members_in_log as m on m.group_id = g.group_id and m.volume_class = g.volume_class
    group by g.group_id
),
per_group as (
    select
        group_id,
        count(*) as n_accounts,
        sum(n)::bigint as n_exchanges,
        count(*) filter (where is_flat) / nullif(count(*), 0) as share,
        median(quiet_share) as median_quiet_share
    from clocks
    where group_id is not null
    group by group_id
    having count(*) >= 20
),
group_hours as (
    select e.group_id, epoch_us(e.started_at) // 3600000000 as hour, count(*) as n
    from group_exchanges as e
    semi join per_group as p on p.group_id = e.group_id
    semi join clocks as c on c.group_id = e.group_id and c.account_id = e.account_id
    group by e.group_id, epoch_us(e.started_at) // 3600000000
),
idle_times as (
    select group_id, hour, n, hour - lag(hour) over (partition by group_id order by hour) - 1 as idle_before
    from group_hours
),
group_weeks as (
    select
        group_id,
        max(idle_before) as longest_idle_h,
        sum(n) filter (where (hour // 24 + 3) % 7 >= 5) * count(distinct hour // 24) filter (where (hour // 24 + 3) % 7 < 5)
            / nullif(
                sum(n) filter (where (hour // 24 + 3) % 7 < 5) * count(distinct hour // 24) filter (where (hour // 24 + 3) % 7 >= 5), 0)
            as weekend_ratio
    from idle_times
    group by group_id
),
group_clocks as (
    select group_id, hour % 24 as hour_of_day, sum(n)::bigint as n
    from group_hours
    group by group_id, hour % 24
),
group_entropies as (
    select c.group_id, sum(c.n / nullif(p.n_exchanges, 0) * ln(greatest(p.n_exchanges / nullif(c.n, 0), 1)) order by c.hour_of_day) / nullif(ln(greatest(24, 1)), 0) as hour_entropy
    from group_clocks as c
    join per_group as p on p.group_id = c.group_id
    group by c.group_id
),
group_windows as (
    select c.group_id, (c.hour_of_day - o.n_back + 24) % 24 as begins, sum(c.n)::bigint as n
    from group_clocks as c
    cross join (select unnest(range(6)) as n_back) as o
    group by c.group_id, (c.hour_of_day - o.n_back + 24) % 24
),
group_quietest as (
    select group_id, case when count(*) < 24 then 0 else min(n) end as n_quiet
    from group_windows
    group by group_id
)
select
    p.group_id as entity_id,
    round(p.share, 6) >= round(greatest(0.5, coalesce(b.share, 0) + 0.3), 6) as is_fired,
    round(p.share, 6) as value,
    round(b.share, 6) as baseline,
    round(greatest(0.5, coalesce(b.share, 0) + 0.3), 6) as threshold,
    p.n_exchanges,
    p.n_accounts,
    round(p.median_quiet_share, 6) as median_quiet_share,
    round(q.n_quiet / nullif(p.n_exchanges, 0), 6) as group_quiet_share,
    round(e.hour_entropy, 6) as hour_entropy,
    coalesce(w.longest_idle_h, 0) as longest_idle_h,
    round(w.weekend_ratio, 6) as weekend_ratio
from per_group as p
left join baselines as b on b.group_id = p.group_id
join group_weeks as w on w.group_id = p.group_id
join group_entropies as e on e.group_id = p.group_id
join group_quietest as q on q.group_id = p.group_id
order by entity_id;
