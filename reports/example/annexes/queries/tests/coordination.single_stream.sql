-- The accounts of a group behave like one stream of calls dealt out by lot
create or replace temp view customers as from read_parquet(['data/customers.parquet']);
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
with large_groups as (
    select group_id from groups where n_accounts >= 20 and n_exchanges >= 2 * 20
),
-- Calls that failed are repeated, on the same account by people and on another one by a pool; neither is a second piece of work.
slots as (
    select
        e.group_id,
        h.customer as holder,
        epoch_us(e.started_at) // 86400000000 as day,
        epoch_us(e.started_at) // 1000000 % 86400 // 10800 as slot,
        count(*) as n
    from group_exchanges as e
    semi join large_groups as l on l.group_id = e.group_id
    join customers as h on h.account_id = e.account_id
    where coalesce(e.status, 'ok') in ('ok', 'partial')
    group by 1, 2, 3, 4
    union all
    select 'log', h.customer as holder, epoch_us(e.started_at) // 86400000000, epoch_us(e.started_at) // 1000000 % 86400 // 10800, count(*)
    from exchange_features as e
    join customers as h on h.account_id = e.account_id
    where coalesce(e.status, 'ok') in ('ok', 'partial')
    group by 2, 3, 4
),
-- One holder with very many calls would decide alone, since pairs grow with the square.
busiest as (
    select group_id, holder
    from (select group_id, holder, sum(n)::bigint as n from slots group by group_id, holder)
    qualify row_number() over (partition by group_id order by n desc, holder) = 1
),
kept as (
    select s.group_id, s.holder, s.day, s.slot, s.n
    from slots as s
    anti join busiest as b on b.group_id = s.group_id and b.holder = s.holder
),
by_holder as (
    select group_id, holder, sum(n)::bigint as n, sum(n * (n - 1))::bigint as n_same_slot, sum(n * n)::bigint as n_squares
    from kept
    group by group_id, holder
),
by_holder_hour as (
    select group_id, holder, sum(n)::bigint as n
    from kept
    group by group_id, holder, slot
),
-- Ordered pairs, of one holder and of any two calls: in one slot, and at the same time of day in different slots.
own as (
    select
        a.group_id,
        count(*) filter (where a.n >= 2) as n_holders,
        sum(a.n)::bigint as n,
        sum(a.n * (a.n - 1))::bigint as n_pairs,
        sum(a.n_same_slot)::bigint as n_same_slot,
        sum(a.n_squares)::bigint as n_squares
    from by_holder as a
    group by a.group_id
),
own_hours as (
    select group_id, sum(n * n)::bigint as n_squares from by_holder_hour group by group_id
),
group_slots as (
    select group_id, day, slot, sum(n)::bigint as n from kept group by group_id, day, slot
),
all_slots as (
    select group_id, sum(n * (n - 1))::bigint as n_same_slot, sum(n * n)::bigint as n_squares, count(distinct day) as n_days
    from group_slots
    group by group_id
),
all_hours as (
    select group_id, sum(n * n)::bigint as n_squares
    from (select group_id, sum(n)::bigint as n from group_slots group by group_id, slot)
    group by group_id
),
measured as (
    select
        o.group_id,
        o.n_holders,
        o.n,
        s.n_days,
        o.n_same_slot,
        s.n_same_slot / nullif(o.n, 0) / nullif(o.n - 1, 0) as slot_share,
        s.n_same_slot / nullif(o.n, 0) / nullif(o.n - 1, 0) * o.n_pairs as n_same_slot_expected,
        (h.n_squares - o.n_squares)
        / nullif((g.n_squares - s.n_squares) / nullif(o.n, 0) / nullif(o.n - 1, 0) * o.n_pairs, 0) as habit_ratio
    from own as o
    join own_hours as h on h.group_id = o.group_id
    join all_slots as s on s.group_id = o.group_id
    join all_hours as g on g.group_id = o.group_id
),
whole_log as (
    select n_same_slot / nullif(n_same_slot_expected, 0) as ratio from measured where group_id = 'log'
),
judged as (
    select
        m.group_id,
        g.n_accounts,
        m.n_holders,
        m.n,
        m.n_same_slot,
        m.n_same_slot_expected,
        m.slot_share,
        m.habit_ratio,
        m.n_same_slot / nullif(m.n_same_slot_expected, 0) as ratio,
        w.ratio as log_ratio
    from measured as m
    cross join whole_log as w
    join groups as g on g.group_id = m.group_id
    where m.n_holders >= 20
        and m.n_days >= 3
        and round(m.n_same_slot_expected / 2, 6) >= 40
        and round(m.slot_share, 6) <= 0.12
        and round(w.ratio, 6) >= 1.6
)
select
    group_id as entity_id,
    round(ratio, 6) <= 1.25 and round(habit_ratio, 6) <= 1.25 as is_fired,
    round(ratio, 6) as value,
    1.0::double as baseline,
    1.25::double as threshold,
    n as n_exchanges,
    n_accounts,
    n_holders,
    round(habit_ratio, 6) as habit_ratio,
    round(log_ratio, 6) as log_ratio,
    n_same_slot // 2 as n_pairs,
    round(n_same_slot_expected / 2, 6) as n_pairs_expected,
    round(slot_share, 6) as slot_share
from judged
order by entity_id;
