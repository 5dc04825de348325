-- The accounts of a group are active in the same quarter hours
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
with candidates as (
    select group_id, account_id, count(*) over (partition by group_id) as n_eligible
    from group_accounts
    where n_exchanges >= 3
    qualify count(*) over (partition by group_id) >= 20
        and row_number() over (partition by group_id order by md5(account_id), account_id) <= 500
),
used_exchanges as (
    select e.group_id, e.account_id, e.started_at, c.n_eligible
    from group_exchanges as e
    join candidates as c on c.group_id = e.group_id and c.account_id = e.account_id
),
used_accounts as (
    select group_id, account_id, count(*) as n, min(started_at) as first_at, max(started_at) as last_at, min(n_eligible) as n_eligible
    from used_exchanges
    group by group_id, account_id
    having count(distinct started_at::date) >= 3
),
used_groups as (
    select
        group_id,
        count(*) as n_accounts,
        sum(n)::bigint as n_exchanges,
        min(n_eligible) as n_eligible,
        epoch_us(min(first_at)) // 86400000000 as first_day,
        epoch_us(max(last_at)) // 86400000000 as last_day
    from used_accounts
    group by group_id
    having count(*) >= 20 and epoch_us(max(last_at)) // 86400000000 - epoch_us(min(first_at)) // 86400000000 >= 7 + 3 - 1
),
onsets as (
    select group_id, max(n) as n_common
    from (select group_id, date_trunc('hour', first_at) as hour, count(*) as n from used_accounts group by 1, 2)
    group by group_id
),
offsets as (
    select group_id, max(n) as n_common
    from (select group_id, date_trunc('hour', last_at) as hour, count(*) as n from used_accounts group by 1, 2)
    group by group_id
),
all_activity as (
    select distinct e.group_id, e.account_id, epoch_us(e.started_at) // 1000000 // 900 as slot, epoch_us(e.started_at) // 86400000000 as day
    from used_exchanges as e
    semi join used_accounts as a on a.group_id = e.group_id and a.account_id = e.account_id
    semi join used_groups as g on g.group_id = e.group_id
),
all_slots as (
    select group_id, slot, min(day) as day, count(*) as n
    from all_activity
    group by group_id, slot
),
-- The day with most pairs is left out everywhere, so that one common occasion is not enough.
busiest_days as (
    select group_id, day
    from all_slots
    group by group_id, day
    qualify row_number() over (partition by group_id order by sum(n * (n - 1)) desc, day) = 1
),
activity as (
    select group_id, account_id, slot
    from all_activity
    anti join busiest_days using (group_id, day)
),
slots as (
    select group_id, slot, n
    from all_slots
    anti join busiest_days using (group_id, day)
),
observed as (
    select group_id, sum(n * (n - 1))::bigint // 2 as n_pairs
    from slots
    group by group_id
),
lags as (
    select unnest(range(1, 7 + 1)) as lag_days
),
-- One copy of the slots and of the accounts' activity per shift; the unnest keeps the joins plain equalities of columns.
shifted_slots as (
    select group_id, slot, n, unnest(range(1, 7 + 1)) as lag_days
    from slots
),
shifted_activity as (
    select group_id, account_id, slot, unnest(range(1, 7 + 1)) as lag_days
    from activity
),
met_when_shifted as (
    select s.group_id, s.lag_days, sum(s.n * t.n)::bigint as n
    from (select group_id, slot + lag_days * (86400 // 900) as slot, n, lag_days from shifted_slots) as s
    join slots as t on t.group_id = s.group_id and t.slot = s.slot
    group by s.group_id, s.lag_days
),
met_themselves as (
    select a.group_id, a.lag_days, count(*) as n
    from (select group_id, account_id, slot + lag_days * (86400 // 900) as slot, lag_days from shifted_activity) as a
    join activity as b on b.group_id = a.group_id and b.account_id = a.account_id and b.slot = a.slot
    group by a.group_id, a.lag_days
),
-- Days d for which both d and d + lag lie in the span of the group and neither is the day left out.
day_pairs as (
    select
        g.group_id,
        l.lag_days,
        g.last_day - g.first_day + 1 - l.lag_days
        - (b.day - l.lag_days >= g.first_day)::bigint - (b.day + l.lag_days <= g.last_day)::bigint as n_day_pairs
    from used_groups as g
    join busiest_days as b on b.group_id = g.group_id
    cross join lags as l
),
shifted as (
    select
        d.group_id,
        d.lag_days,
        d.n_day_pairs,
        (coalesce(m.n, 0) - coalesce(t.n, 0)) / 2 / nullif(d.n_day_pairs, 0) as pairs_per_day
    from day_pairs as d
    left join met_when_shifted as m on m.group_id = d.group_id and m.lag_days = d.lag_days
    left join met_themselves as t on t.group_id = d.group_id and t.lag_days = d.lag_days
    where d.n_day_pairs >= 1
),
highest as (
    select group_id, lag_days, n_day_pairs, pairs_per_day
    from shifted
    qualify row_number() over (partition by group_id order by pairs_per_day desc, lag_days) = 1
),
-- The same by account, at the shift with the highest count and in both directions: a few accounts of one person may meet all the time.
account_slots as (
    select a.group_id, a.account_id, s.n - 1 as n_met, 0 as n_met_shifted
    from activity as a
    join slots as s on s.group_id = a.group_id and s.slot = a.slot
    union all
    select a.group_id, a.account_id, 0, s.n - case when b.account_id is null then 0 else 1 end
    from (
        select a.group_id, a.account_id, unnest([a.slot - h.lag_days * (86400 // 900), a.slot + h.lag_days * (86400 // 900)]) as slot
        from activity as a
        join highest as h on h.group_id = a.group_id
    ) as a
    join slots as s on s.group_id = a.group_id and s.slot = a.slot
    left join activity as b on b.group_id = a.group_id and b.account_id = a.account_id and b.slot = a.slot
),
account_meetings as (
    select group_id, account_id, sum(n_met)::bigint as n_met, sum(n_met_shifted)::bigint as n_met_shifted
    from account_slots
    group by group_id, account_id
),
synchronous_accounts as (
    select
        m.group_id,
        count(*) filter (
            where m.n_met > 0
                and m.n_met / nullif(g.last_day - g.first_day, 0)
                    >= 2 * m.n_met_shifted / 2 / nullif(h.n_day_pairs, 0)) as n
    from account_meetings as m
    join used_groups as g on g.group_id = m.group_id
    join highest as h on h.group_id = m.group_id
    group by m.group_id
),
judged as (
    select
        g.group_id,
        g.n_accounts,
        coalesce(a.n, 0) / nullif(g.n_accounts, 0) as share_synchronous,
        g.n_exchanges,
        g.n_eligible,
        o.n_pairs / nullif(g.last_day - g.first_day, 0) as pairs_per_day,
        greatest(h.pairs_per_day, 1 / nullif(g.last_day - g.first_day, 0)) as pairs_per_day_shifted,
        h.lag_days,
        onsets.n_common / nullif(g.n_accounts, 0) as share_onset,
        offsets.n_common / nullif(g.n_accounts, 0) as share_offset
    from used_groups as g
    join observed as o on o.group_id = g.group_id
    join highest as h on h.group_id = g.group_id
    left join synchronous_accounts as a on a.group_id = g.group_id
    join onsets on onsets.group_id = g.group_id
    join offsets on offsets.group_id = g.group_id
    where o.n_pairs >= 500
)
select
    group_id as entity_id,
    round(pairs_per_day / nullif(pairs_per_day_shifted, 0), 6) >= 2 and round(share_synchronous, 6) >= 0.5 as is_fired,
    round(pairs_per_day / nullif(pairs_per_day_shifted, 0), 6) as value,
    1.0::double as baseline,
    2::double as threshold,
    n_exchanges,
    n_accounts,
    round(pairs_per_day, 6) as pairs_per_day,
    round(pairs_per_day_shifted, 6) as pairs_per_day_shifted,
    lag_days as lag_of_highest,
    round(share_synchronous, 6) as share_synchronous,
    n_eligible as n_eligible_accounts,
    round(share_onset, 6) as share_with_common_onset,
    round(share_offset, 6) as share_with_common_offset
from judged
order by entity_id;
