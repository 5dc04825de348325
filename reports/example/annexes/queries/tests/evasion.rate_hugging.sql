-- An account stays just below its highest rate and is hardly ever refused
create or replace temp view exchange_features as from read_parquet(['data/exchange_features.parquet']);
with minutes as (
    select account_id, epoch_us(started_at) // 60000000 as minute, count(*) as n, count(*) filter (where status = 'limited') as n_limited
    from exchange_features
    group by account_id, epoch_us(started_at) // 60000000
),
totals as (
    select account_id, sum(n)::bigint as n_exchanges, sum(n_limited) / nullif(sum(n), 0) as share_limited
    from minutes
    group by account_id
    having sum(n) >= 20 * 0.5 * 20
),
periods as (
    select account_id, 'minute' as period, n
    from minutes
    semi join totals using (account_id)
    union all
    select account_id, 'hour', sum(n)::bigint
    from minutes
    semi join totals using (account_id)
    group by account_id, minute // 60
    union all
    select account_id, 'day', sum(n)::bigint
    from minutes
    semi join totals using (account_id)
    group by account_id, minute // 1440
),
peaks as (
    select account_id, period, max(n) as peak
    from periods
    group by account_id, period
    having max(n) >= 20
),
shares as (
    select
        p.account_id,
        p.period,
        k.peak,
        count(*) filter (where p.n >= 0.5 * k.peak) as n_busy,
        count(*) filter (where p.n >= 0.85 * k.peak) / nullif(count(*) filter (where p.n >= 0.5 * k.peak), 0) as share
    from periods as p
    join peaks as k on k.account_id = p.account_id and k.period = p.period
    group by p.account_id, p.period, k.peak
),
usual as (
    select period, median(share) as share
    from shares
    where n_busy >= 3
    group by period
    having count(*) >= 3
),
chosen as (
    select s.account_id, s.period, s.peak, s.n_busy, s.share, u.share as usual_share, t.n_exchanges, t.share_limited
    from shares as s
    join usual as u on u.period = s.period
    join totals as t on t.account_id = s.account_id
    where s.n_busy >= 20
    qualify row_number() over (partition by s.account_id order by s.share - u.share desc, s.share desc, s.period) = 1
)
select
    account_id as entity_id,
    round(share, 6) >= round(greatest(0.7, usual_share + 0.3), 6) and share_limited <= 0.01 as is_fired,
    round(share, 6) as value,
    round(usual_share, 6) as baseline,
    round(greatest(0.7, usual_share + 0.3), 6) as threshold,
    n_exchanges,
    1::bigint as n_accounts,
    period as "window",
    peak,
    n_busy,
    round(share_limited, 6) as share_limited
from chosen
order by entity_id;
