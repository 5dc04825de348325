-- The accounts of a group carry nearly equal loads
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
    select group_id
    from groups
    where n_accounts >= 20
        and n_exchanges >= 5 * n_accounts
),
starts as (
    select group_id, account_id, started_at from group_conversations semi join large_groups using (group_id)
),
conversation_groups as (
    select s.group_id
    from (select group_id, count(*) as n from starts group by group_id) as s
    join groups as g on g.group_id = s.group_id
    where g.n_exchanges >= 1.5 * s.n
),
units as (
    select group_id, account_id, started_at, 'exchanges' as load_unit
    from group_exchanges
    semi join large_groups using (group_id)
    union all
    select group_id, account_id, started_at, 'conversations'
    from starts
    semi join conversation_groups using (group_id)
),
-- Seconds of the day counted from midnight and from noon, so that a timer at midnight is seen as well.
account_days_in_group as (
    select
        group_id,
        load_unit,
        account_id,
        started_at::date as day,
        count(*) as n,
        sum(epoch_us(started_at) // 1000000 % 86400)::bigint as s1,
        sum((epoch_us(started_at) // 1000000 % 86400) * (epoch_us(started_at) // 1000000 % 86400))::bigint as s2,
        sum((epoch_us(started_at) // 1000000 + 43200) % 86400)::bigint as noon_s1,
        sum(((epoch_us(started_at) // 1000000 + 43200) % 86400) * ((epoch_us(started_at) // 1000000 + 43200) % 86400))::bigint as noon_s2
    from units
    group by group_id, load_unit, account_id, started_at::date
),
accounts_in_group as (
    select
        group_id,
        load_unit,
        account_id,
        sum(n)::bigint as n,
        count(*) as n_days,
        count(*) >= 3 and sqrt(least(
            sum(s2) / nullif(sum(n), 0) - (sum(s1) / nullif(sum(n), 0)) ** 2,
            sum(noon_s2) / nullif(sum(n), 0) - (sum(noon_s1) / nullif(sum(n), 0)) ** 2)) <= 1800 as is_clock_driven
    from account_days_in_group
    group by group_id, load_unit, account_id
),
-- The shortest period in which an account has enough to do on average.
account_weeks as (
    select group_id, load_unit, count(*) as n
    from (
        select d.group_id, d.load_unit, d.account_id, date_trunc('week', d.day) as week
        from account_days_in_group as d
        join accounts_in_group as a on a.group_id = d.group_id and a.load_unit = d.load_unit and a.account_id = d.account_id
        where not a.is_clock_driven
        group by 1, 2, 3, 4
    )
    group by group_id, load_unit
),
load_totals as (
    select
        group_id,
        load_unit,
        coalesce(sum(n) filter (where is_clock_driven), 0) / nullif(sum(n), 0) as share_clock_driven,
        sum(n) filter (where not is_clock_driven)::bigint as n,
        sum(n_days) filter (where not is_clock_driven)::bigint as n_days,
        count(*) filter (where not is_clock_driven) as n_accounts
    from accounts_in_group
    group by group_id, load_unit
    having count(*) filter (where not is_clock_driven) >= 20
),
periods as (
    select
        t.group_id,
        t.load_unit,
        t.share_clock_driven,
        case
            when t.n >= 5 * t.n_days then 'day'
            when t.n >= 5 * w.n then 'week'
            when t.n >= 5 * t.n_accounts then 'window'
        end as period
    from load_totals as t
    join account_weeks as w on w.group_id = t.group_id and w.load_unit = t.load_unit
),
period_loads as (
    select
        d.group_id,
        d.load_unit,
        p.period,
        case p.period when 'day' then d.day when 'week' then date_trunc('week', d.day)::date else date '1970-01-01' end as starts_on,
        d.account_id,
        sum(d.n)::bigint as n
    from account_days_in_group as d
    join periods as p on p.group_id = d.group_id and p.load_unit = d.load_unit and p.period is not null
    join accounts_in_group as a on a.group_id = d.group_id and a.load_unit = d.load_unit and a.account_id = d.account_id
    where not a.is_clock_driven
    group by 1, 2, 3, 4, 5
),
-- The first and last period of an account are partial by nature; they are left out where something remains.
whole_loads as (
    select group_id, load_unit, period, starts_on, account_id, n
    from period_loads
    window life as (partition by group_id, load_unit, account_id)
    qualify count(*) over life < 3
        or (starts_on > min(starts_on) over life and starts_on < max(starts_on) over life)
),
period_medians as (
    select group_id, load_unit, starts_on, median(n) as median_load
    from whole_loads
    group by group_id, load_unit, starts_on
    having count(*) >= 5
),
marked as (
    select w.group_id, w.load_unit, w.period, w.starts_on, w.account_id, w.n, w.n < 0.25 * m.median_load as is_trimmed
    from whole_loads as w
    join period_medians as m
        on m.group_id = w.group_id and m.load_unit = w.load_unit and m.starts_on = w.starts_on
),
per_period as (
    select
        group_id,
        load_unit,
        period,
        starts_on,
        count(*) as n_marked,
        count(*) filter (where not is_trimmed) as n_kept,
        sum(n) filter (where not is_trimmed)::bigint as total,
        sum(n * n) filter (where not is_trimmed)::bigint as total_of_squares
    from marked
    group by group_id, load_unit, period, starts_on
),
pooled as (
    select
        group_id,
        load_unit,
        period,
        sum(n_kept)::bigint as n_account_periods,
        1 - sum(n_kept) / nullif(sum(n_marked), 0) as share_trimmed,
        sum(total)::bigint as total,
        sum(total) / nullif(sum(n_kept), 0) as mean_load,
        sum(n_kept * total_of_squares / nullif(total, 0) - total order by starts_on) / nullif(sum(n_kept - 1), 0) as dispersion
    from per_period
    group by group_id, load_unit, period
),
account_means as (
    select group_id, load_unit, account_id, sum(n) / nullif(count(*), 0) as mean_load
    from marked
    where not is_trimmed
    group by group_id, load_unit, account_id
),
ranked_means as (
    select
        group_id,
        load_unit,
        mean_load,
        row_number() over (partition by group_id, load_unit order by mean_load, account_id) as position,
        count(*) over (partition by group_id, load_unit) as n_accounts
    from account_means
),
ginis as (
    select
        group_id,
        load_unit,
        min(n_accounts) as n_accounts,
        sum((2 * position - n_accounts - 1) * mean_load order by position)
            / nullif(min(n_accounts) * sum(mean_load order by position), 0) as gini
    from ranked_means
    group by group_id, load_unit
),
-- Zero-truncated Poisson with mean m: rate = m (1 - exp(-rate)), dispersion = 1 + rate - m. Twenty steps of the fixed point are exact to 7 digits from m = 2 on.
expected as (
    select
        p.group_id,
        p.load_unit,
        p.period,
        p.n_account_periods,
        p.share_trimmed,
        p.total,
        p.mean_load,
        p.dispersion,
        g.n_accounts,
        g.gini,
        c.share_clock_driven,
        1 - p.mean_load + list_reduce(
            list_transform(range(21), lambda step: p.mean_load), lambda rate, mean: mean * (1 - exp(-rate))) as dispersion_expected
    from pooled as p
    join ginis as g on g.group_id = p.group_id and g.load_unit = p.load_unit
    join periods as c on c.group_id = p.group_id and c.load_unit = p.load_unit
    where g.n_accounts >= 20
        and p.mean_load >= 5
        and 1 - p.share_trimmed >= 0.8
),
with_threshold as (
    select
        group_id,
        load_unit,
        period,
        n_account_periods,
        share_trimmed,
        total,
        mean_load,
        dispersion,
        n_accounts,
        gini,
        share_clock_driven,
        dispersion_expected,
        dispersion_expected + mean_load * 0.25 ** 2 as threshold
    from expected
),
chosen as (
    select
        group_id,
        load_unit,
        period,
        n_account_periods,
        share_trimmed,
        total,
        mean_load,
        dispersion,
        n_accounts,
        gini,
        share_clock_driven,
        dispersion_expected,
        threshold
    from with_threshold
    qualify row_number() over (partition by group_id order by dispersion / nullif(threshold, 0), load_unit desc) = 1
)
select
    group_id as entity_id,
    round(dispersion, 6) <= round(threshold, 6) as is_fired,
    round(dispersion, 6) as value,
    round(dispersion_expected, 6) as baseline,
    round(threshold, 6) as threshold,
    total as n_exchanges,
    n_accounts,
    round(mean_load, 6) as mean_load,
    round(sqrt(greatest(0, dispersion - dispersion_expected) / nullif(mean_load, 0)), 6) as rate_spread,
    round(gini, 6) as gini,
    load_unit,
    period,
    n_account_periods,
    round(share_trimmed, 6) as share_trimmed,
    round(share_clock_driven, 6) as share_clock_driven
from chosen
order by entity_id;
