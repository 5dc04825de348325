with signups as (
    select account_id, tenant_id, created_at, n_exchanges
    from account_profiles
    where created_at is not null
),
log_density as (
    select
        account_id,
        count(*) over (order by created_at range between to_minutes($window_min) preceding and to_minutes($window_min) following) as n_near,
        count(*) over (order by created_at range between interval 12 hours preceding and interval 12 hours following) as n_day
    from signups
),
log_totals as (
    select count(*) as n from signups
),
members as (
    select
        g.group_id,
        s.account_id,
        s.n_exchanges,
        s.created_at,
        s.tenant_id,
        count(*) over (partition by g.group_id) as n_accounts
    from group_accounts as g
    join signups as s on s.account_id = g.account_id
    qualify count(*) over (partition by g.group_id) >= $min_accounts
),
with_neighbours as (
    select
        group_id,
        account_id,
        n_exchanges,
        n_accounts,
        count(*) over near as n_near,
        count(*) over day as n_day,
        case
            when tenant_id is null then count(*) over near - 1
            else count(*) over near - count(*) over near_in_tenant
        end as n_neighbours
    from members
    window
        near as (partition by group_id order by created_at range between to_minutes($window_min) preceding and to_minutes($window_min) following),
        near_in_tenant as (
            partition by group_id, tenant_id order by created_at range between to_minutes($window_min) preceding and to_minutes($window_min) following),
        day as (partition by group_id order by created_at range between interval 12 hours preceding and interval 12 hours following)
),
-- Neighbours that an account would have if the others of the group had signed up like the accounts outside of it: the larger of their
-- density within the window and over the day around it; one is added so that a quiet day is no division by zero.
with_expectation as (
    select
        m.group_id,
        m.account_id,
        m.n_exchanges,
        m.n_accounts,
        m.n_near,
        m.n_neighbours,
        (m.n_accounts - 1)
            * greatest(d.n_near - m.n_near, (d.n_day - m.n_day + 1) * 2 * $window_min / 1440)
            / nullif(t.n - m.n_accounts, 0) as n_expected
    from with_neighbours as m
    join log_density as d on d.account_id = m.account_id
    cross join log_totals as t
    where t.n - m.n_accounts >= $min_others
),
judged as (
    select
        group_id,
        min(n_accounts) as n_accounts,
        sum(n_exchanges)::bigint as n_exchanges,
        sum(n_neighbours)::bigint / 2 as n_pairs,
        sum(n_expected order by account_id) / 2 as n_pairs_expected,
        count(*) filter (where n_neighbours >= $min_neighbours) / nullif(count(*), 0) as share_in_bursts,
        max(n_near) as largest_burst
    from with_expectation
    group by group_id
)
select
    group_id as entity_id,
    round(n_pairs / nullif(n_pairs_expected, 0), 6) >= $min_ratio and round(share_in_bursts, 6) >= $min_share as is_fired,
    round(n_pairs / nullif(n_pairs_expected, 0), 6) as value,
    1.0::double as baseline,
    $min_ratio::double as threshold,
    n_exchanges,
    n_accounts,
    round(share_in_bursts, 6) as share_in_bursts,
    ceil(n_pairs)::bigint as n_pairs,
    round(n_pairs_expected, 6) as n_pairs_expected,
    largest_burst
from judged
order by entity_id
