select coalesce(model, '(not logged)') as model, count(*) as n_exchanges, count(distinct account_id) as n_accounts
from exchange_features
group by model
order by n_exchanges desc, model
