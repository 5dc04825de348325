select campaign_id, hour::date as day, extract('hour' from hour)::bigint as hour_of_day, sum(n_own)::bigint as n_own
from campaign_hours
group by campaign_id, day, hour_of_day
having sum(n_own) > 0
order by campaign_id, day, hour_of_day
