/*---
title = "Hours without any request at busy times of the day"
reads = ["exchange_features"]
columns = []
concerns = "complete"
facts = ["handover", "conversation", "synchrony"]
costs_from = 0.001
costs = "A part of the time may be missing from the log; what happened then is not in any count."
params.min_requests = { default = 10, unit = "requests in the same hour of the median day", why = "by chance such an hour is empty once in twenty thousand" }
params.min_days = { default = 3, unit = "days of the log", why = "with fewer nothing says how busy an hour usually is" }
---*/
with hours as (select date_trunc('hour', started_at) as hour, count(*) as n from exchange_features group by 1),
ends as (select min(hour) as first_hour, max(hour) as last_hour from hours),
all_hours as (
    select unnest(generate_series(first_hour, last_hour, interval 1 hour)) as hour
    from ends
    where last_hour - first_hour between interval 1 hour and interval 4000 day
),
counted as (select a.hour, coalesce(h.n, 0) as n from all_hours as a left join hours as h on h.hour = a.hour),
usual as (select extract(hour from hour) as hour_of_day, quantile_disc(n, 0.5) as n, count(*) as n_days from counted group by 1),
judged as (
    select c.hour, c.n, u.n >= $min_requests and u.n_days >= $min_days as is_busy
    from counted as c
    join usual as u on u.hour_of_day = extract(hour from c.hour)
)
select
    'hour' as part, count(*) filter (n = 0 and is_busy) as n_affected, count(*) filter (is_busy) as n_checked,
    case when bool_or(n = 0 and is_busy) then 'the first at ' || min(hour) filter (n = 0 and is_busy) end as detail,
    null::varchar as example, null::varchar[] as columns
from judged
