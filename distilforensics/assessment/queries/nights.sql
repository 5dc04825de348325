/*---
title = "Per candidate: the members with calls enough to show when they rest, and those of them that call as much in the six hours of the day in which they call least"
reads = ["candidate_members", "exchange_features"]
params.min_hours = { default = 20, unit = "hours with calls", why = "of fewer, nobody's rest can be told from chance" }
params.min_days = { default = 5, unit = "days with calls", why = "people stay up for a contest or a deadline of a day or two" }
params.night = { default = 6, unit = "hours of the day", why = "people sleep for six hours at least, at any time of the day" }
params.min_share = "few"
---*/
with hours as (
    select distinct m.candidate_id, e.account_id, epoch_us(e.started_at) // 3_600_000_000 as hour
    from candidate_members as m
    join exchange_features as e on e.account_id = m.account_id
),
judged as (
    select candidate_id, account_id, count(*) as n_hours
    from hours
    group by candidate_id, account_id
    having count(*) >= $min_hours and count(distinct hour // 24) >= $min_days
),
by_clock as (
    select candidate_id, account_id, hour % 24 as clock_hour, count(*) as n from hours group by all
),
quietest as (
    select j.candidate_id, j.account_id, j.n_hours, night.begin_hour, coalesce(sum(c.n), 0) as n
    from judged as j
    cross join (select unnest(range(24)) as begin_hour) as night
    left join by_clock as c
        on c.candidate_id = j.candidate_id and c.account_id = j.account_id and (c.clock_hour - night.begin_hour + 24) % 24 < $night
    group by all
),
rested as (
    select candidate_id, account_id, min(n) >= $min_share * any_value(n_hours) as is_awake
    from quietest
    group by candidate_id, account_id
)
select candidate_id, count(*)::bigint as n_judged, count(*) filter (where is_awake)::bigint as n_awake
from rested
group by candidate_id
order by candidate_id
