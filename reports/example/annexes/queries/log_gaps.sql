-- Longest times without any request, in whole hours
create or replace temp view exchange_features as from read_parquet(['data/exchange_features.parquet']);
with hours as (select distinct date_trunc('hour', started_at) as hour from exchange_features),
gaps as (select hour as last_hour, lead(hour) over (order by hour) as next_hour from hours)
select last_hour + interval 1 hour as silent_from, next_hour as silent_until, date_diff('hour', last_hour, next_hour) - 1 as n_hours
from gaps
where date_diff('hour', last_hour, next_hour) > 1
order by n_hours desc, silent_from
limit 3;
