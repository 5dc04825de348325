-- Requests and accounts per day of the log
create or replace temp view exchange_features as from read_parquet(['data/exchange_features.parquet']);
select started_at::date as day, count(*) as n_requests, count(distinct account_id) as n_accounts
from exchange_features
group by day
order by day;
