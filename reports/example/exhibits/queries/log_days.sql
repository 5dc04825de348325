select started_at::date as day, count(*) as n_exchanges, count(distinct account_id) as n_accounts
from exchange_features
group by day
order by day
