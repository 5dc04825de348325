select
    campaign_id, hour::date as day, sum(n_own)::bigint as n_own, (sum(n_exchanges) - sum(n_own))::bigint as n_other,
    count(distinct account_id) filter (n_own > 0) as n_accounts
from campaign_hours
group by campaign_id, day
order by campaign_id, day
