with members as (
    select campaign_id, account_id, sum(n_own)::bigint as n_own, sum(n_exchanges)::bigint as n_exchanges
    from campaign_hours group by campaign_id, account_id
),
loads as (
    select campaign_id, 'own' as series, n_own as n from members where n_own > 0
    union all
    select campaign_id, 'all', n_exchanges from members
    union all
    select null, 'rest', n_exchanges from accounts where campaign_id is null and n_exchanges > 0
),
sums as (
    select
        campaign_id, series, count(*) as n_accounts, sum(n)::hugeint as total, sum(n::hugeint * n)::hugeint as squares,
        min(n) as lowest, quantile_disc(n, 0.5) as median, max(n) as highest
    from loads group by campaign_id, series
)
select
    campaign_id, series, n_accounts, total::bigint as total, lowest, median, highest,
    round((squares::double - total::double * total / n_accounts) / nullif(total, 0), 2) as dispersion
from sums
order by campaign_id nulls last, series
