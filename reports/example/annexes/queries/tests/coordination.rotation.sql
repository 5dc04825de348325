-- The accounts of a group take turns
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
create or replace temp table group_conversations as
select group_id, record_id, account_id, started_at
from group_exchanges
where n_turns <= 2
union all
select group_id, min(record_id), account_id, min(started_at)
from group_exchanges
where n_turns is null and session_id is not null
group by group_id, account_id, session_id;
with large_groups as (
    select group_id, count(*) as n_accounts
    from group_accounts
    group by group_id
    having count(*) filter (where n_exchanges >= 4) >= 20
),
-- The busiest days up to a number of exchanges: a scheduler shows on any of them, and the cost stays bounded.
group_days as (
    select g.group_id, e.started_at::date as day, count(*) as n, min(g.n_accounts) as n_accounts
    from group_exchanges as e
    join large_groups as g on g.group_id = e.group_id
    group by g.group_id, e.started_at::date
),
used_days as (
    select group_id, day, n
    from group_days
    qualify coalesce(sum(n) over (partition by group_id order by n desc, day rows between unbounded preceding and 1 preceding), 0)
        < greatest(200000, 20 * n_accounts)
),
used_exchanges as (
    select e.group_id, e.record_id, e.account_id, e.started_at
    from group_exchanges as e
    join used_days as d on d.group_id = e.group_id and d.day = e.started_at::date
),
starts as (
    select c.group_id, c.record_id, c.account_id, c.started_at
    from group_conversations as c
    join used_days as d on d.group_id = c.group_id and d.day = c.started_at::date
),
conversation_groups as (
    select s.group_id
    from (select group_id, count(*) as n from starts group by group_id) as s
    join (select group_id, count(*) as n from used_exchanges group by group_id) as e on e.group_id = s.group_id
    where e.n >= 1.5 * s.n
),
units as (
    select group_id, record_id, account_id, started_at, 'exchanges' as sequence_unit
    from used_exchanges
    union all
    select group_id, record_id, account_id, started_at, 'conversations'
    from starts
    semi join conversation_groups using (group_id)
),
-- Times within the day and within the hour, each also counted from half a period later, so that midnight and the full hour are no edges.
clock_times as (
    select
        group_id,
        sequence_unit,
        account_id,
        started_at::date as day,
        epoch_us(started_at) // 1000000 % 86400 as of_day,
        (epoch_us(started_at) // 1000000 + 43200) % 86400 as of_day_from_noon,
        epoch_us(started_at) // 1000000 % 3600 as of_hour,
        (epoch_us(started_at) // 1000000 + 1800) % 3600 as of_hour_from_half
    from units
),
clock_sums as (
    select
        group_id,
        sequence_unit,
        account_id,
        count(*) as n,
        max(day) - min(day) + 1 as n_days,
        sum(of_day)::bigint as d1,
        sum(of_day * of_day)::bigint as d2,
        sum(of_day_from_noon)::bigint as e1,
        sum(of_day_from_noon * of_day_from_noon)::bigint as e2,
        sum(of_hour)::bigint as h1,
        sum(of_hour * of_hour)::bigint as h2,
        sum(of_hour_from_half)::bigint as k1,
        sum(of_hour_from_half * of_hour_from_half)::bigint as k2
    from clock_times
    group by group_id, sequence_unit, account_id
),
accounts_in_group as (
    select
        group_id,
        sequence_unit,
        account_id,
        n,
        n_days >= 3
        and (
            sqrt(least(d2 / nullif(n, 0) - (d1 / nullif(n, 0)) ** 2, e2 / nullif(n, 0) - (e1 / nullif(n, 0)) ** 2)) <= 1800
            or sqrt(least(h2 / nullif(n, 0) - (h1 / nullif(n, 0)) ** 2, k2 / nullif(n, 0) - (k1 / nullif(n, 0)) ** 2)) <= 180
        ) as is_clock_driven
    from clock_sums
),
ordered as (
    select
        u.group_id,
        u.sequence_unit,
        u.account_id,
        row_number() over turn as position,
        lead(u.account_id) over turn as successor,
        u.started_at = lead(u.started_at) over turn as is_tied
    from units as u
    join accounts_in_group as a
        on a.group_id = u.group_id and a.sequence_unit = u.sequence_unit and a.account_id = u.account_id
    where not a.is_clock_driven
    window turn as (partition by u.group_id, u.sequence_unit order by u.started_at, u.record_id)
),
with_distances as (
    select
        group_id,
        sequence_unit,
        account_id,
        successor,
        is_tied,
        position,
        position - lag(position) over (partition by group_id, sequence_unit, account_id order by position) as distance
    from ordered
),
-- With k uses between the first and last position (span s), the distances of a random order have a squared
-- coefficient of variation of (k - 2) (s - k + 1) / (k s): spacings of k - 2 draws without replacement.
per_account as (
    select
        group_id,
        sequence_unit,
        account_id,
        count(*) as k,
        max(position) - min(position) as s,
        sum(distance * distance)::bigint as sum_of_squares,
        count(*) filter (where is_tied) as n_tied
    from with_distances
    group by group_id, sequence_unit, account_id
),
spreads as (
    select
        group_id,
        sequence_unit,
        count(*) as n_accounts,
        sum(k)::bigint as n_uses,
        sum(n_tied) / nullif(sum(k), 0) as share_of_ties,
        sqrt(greatest(0, sum((k - 1) ** 2 * sum_of_squares / nullif(s ** 2, 0) - (k - 1) order by account_id) / nullif(sum(k - 1), 0))) as spread,
        sqrt(sum((k - 1) * (k - 2) * (s - k + 1) / nullif(k * s, 0) order by account_id) / nullif(sum(k - 1), 0)) as spread_expected
    from per_account
    where k >= 4
    group by group_id, sequence_unit
    having count(*) >= 20 and sum(k - 1) >= 100
),
successions as (
    select w.group_id, w.sequence_unit, w.account_id, w.successor, count(*) as n
    from with_distances as w
    semi join (select group_id, sequence_unit from spreads where spread <= 0.6 * spread_expected) using (group_id, sequence_unit)
    where w.successor is not null
    group by w.group_id, w.sequence_unit, w.account_id, w.successor
),
per_predecessor as (
    select group_id, sequence_unit, account_id, sum(n)::bigint as n, max(n) as n_modal
    from successions
    group by group_id, sequence_unit, account_id
),
load_shares as (
    select group_id, sequence_unit, sum(k)::bigint as n, sum(k * k)::bigint as n_squares
    from per_account
    group by group_id, sequence_unit
),
successor_shares as (
    select
        p.group_id,
        p.sequence_unit,
        sum(p.n_modal) / nullif(sum(p.n), 0) as modal_share,
        sum(least(p.n, sqrt(p.n + p.n * (p.n - 1) * l.n_squares / nullif(l.n ** 2, 0))) order by p.account_id) / nullif(sum(p.n), 0) as modal_share_bound
    from per_predecessor as p
    join load_shares as l on l.group_id = p.group_id and l.sequence_unit = p.sequence_unit
    group by p.group_id, p.sequence_unit
),
clock_shares as (
    select group_id, sequence_unit, sum(n)::bigint as n, coalesce(sum(n) filter (where is_clock_driven), 0) / nullif(sum(n), 0) as share_clock_driven
    from accounts_in_group
    group by group_id, sequence_unit
),
used_shares as (
    select d.group_id, sum(u.n) / nullif(sum(d.n), 0) as share_of_exchanges
    from group_days as d
    left join used_days as u on u.group_id = d.group_id and u.day = d.day
    group by d.group_id
),
chosen as (
    select
        s.group_id,
        s.sequence_unit,
        s.n_accounts,
        s.n_uses,
        s.spread,
        s.spread_expected,
        m.modal_share,
        m.modal_share_bound,
        s.share_of_ties,
        c.share_clock_driven,
        u.share_of_exchanges
    from spreads as s
    join used_shares as u on u.group_id = s.group_id
    left join successor_shares as m on m.group_id = s.group_id and m.sequence_unit = s.sequence_unit
    join clock_shares as c on c.group_id = s.group_id and c.sequence_unit = s.sequence_unit
    where s.spread_expected >= 0.5
    qualify row_number() over (partition by s.group_id order by s.spread / nullif(s.spread_expected, 0), s.sequence_unit desc) = 1
)
select
    group_id as entity_id,
    round(spread, 6) <= round(0.6 * spread_expected, 6) as is_fired,
    round(spread, 6) as value,
    round(spread_expected, 6) as baseline,
    round(0.6 * spread_expected, 6) as threshold,
    n_uses as n_exchanges,
    n_accounts,
    round(modal_share, 6) as modal_successor_share,
    round(modal_share_bound, 6) as modal_successor_share_bound,
    round(share_of_ties, 6) as share_of_ties,
    sequence_unit,
    round(share_of_exchanges, 6) as share_of_exchanges,
    round(share_clock_driven, 6) as share_clock_driven
from chosen
order by entity_id;
