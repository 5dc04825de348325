with steps(low, high) as (
    values (0, 0), (1, 1), (2, 2), (3, 4), (5, 9), (10, 19), (20, 29), (30, 49), (50, 99), (100, 199), (200, 299), (300, 499), (500, 999),
        (1000, 1999), (2000, 2999), (3000, 4999), (5000, 9999), (10000, 19999), (20000, 49999), (50000, 99999), (100000, null)
),
members as (
    select campaign_id, account_id, sum(n_own)::bigint as n_own, sum(n_exchanges)::bigint as n_exchanges
    from campaign_hours group by campaign_id, account_id
),
loads as (
    select campaign_id, 'own' as series, n_own as n from members
    union all
    select campaign_id, 'all', n_exchanges from members
    union all
    select null, 'rest', n_exchanges from accounts where campaign_id is null
)
select loads.campaign_id, loads.series, steps.low, steps.high, count(*) as n_accounts
from loads join steps on loads.n between steps.low and coalesce(steps.high, loads.n)
group by loads.campaign_id, loads.series, steps.low, steps.high
order by loads.campaign_id nulls last, loads.series, steps.low
