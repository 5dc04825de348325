with hours as (select distinct date_trunc('hour', started_at) as hour from exchange_features)
select
    coalesce(date_diff('hour', min(hour), max(hour)) + 1, 0) as n_hours,
    count(*) as n_active_hours,
    coalesce(date_diff('hour', min(hour), max(hour)) + 1 - count(*), 0) as n_silent_hours
from hours
