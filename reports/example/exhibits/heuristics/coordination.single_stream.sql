with large_groups as (
    select group_id from groups where n_accounts >= $min_holders and n_exchanges >= $min_uses * $min_holders
),
-- Calls that failed are repeated, on the same account by people and on another one by a pool; neither is a second piece of work.
slots as (
    select
        e.group_id,
        h.holder,
        epoch_us(e.started_at) // 86400000000 as day,
        epoch_us(e.started_at) // 1000000 % 86400 // $slot_s as slot,
        count(*) as n
    from group_exchanges as e
    semi join large_groups as l on l.group_id = e.group_id
    join account_holders as h on h.account_id = e.account_id
    where coalesce(e.status, 'ok') in ('ok', 'partial')
    group by 1, 2, 3, 4
    union all
    select 'log', h.holder, epoch_us(e.started_at) // 86400000000, epoch_us(e.started_at) // 1000000 % 86400 // $slot_s, count(*)
    from exchange_features as e
    join account_holders as h on h.account_id = e.account_id
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
        count(*) filter (where a.n >= $min_uses) as n_holders,
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
    where m.n_holders >= $min_holders
        and m.n_days >= $min_days
        and round(m.n_same_slot_expected / 2, 6) >= $min_pairs
        and round(m.slot_share, 6) <= $max_slot_share
        and round(w.ratio, 6) >= $min_log_ratio
)
select
    group_id as entity_id,
    round(ratio, 6) <= $max_ratio and round(habit_ratio, 6) <= $max_habit as is_fired,
    round(ratio, 6) as value,
    1.0::double as baseline,
    $max_ratio::double as threshold,
    n as n_exchanges,
    n_accounts,
    n_holders,
    round(habit_ratio, 6) as habit_ratio,
    round(log_ratio, 6) as log_ratio,
    n_same_slot // 2 as n_pairs,
    round(n_same_slot_expected / 2, 6) as n_pairs_expected,
    round(slot_share, 6) as slot_share
from judged
order by entity_id
