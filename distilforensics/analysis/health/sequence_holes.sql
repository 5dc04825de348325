/*---
title = "Holes in running numbers"
reads = ["exchanges"]
columns = []
concerns = "complete"
facts = ["handover", "conversation", "answer"]
costs_from = 0.01
costs = "Records are missing between those that are here: hand-overs and conversations may be broken off, and all counts are too low."
params.min_numbers = { default = 50, unit = "ids with one beginning", why = "fewer numbers that lie close to each other may be chance" }
params.min_density = { default = 0.3, unit = "share of the numbers between first and last that are here", why = "numbers that other systems use as well are far sparser" }
---*/
with numbered as (
    select regexp_extract(request_id, '^(.*?)[0-9]+$', 1) as beginning, try_cast(regexp_extract(request_id, '([0-9]{1,15})$', 1) as bigint) as number
    from exchanges
    where regexp_matches(request_id, '^[A-Za-z_:.#/-]*[0-9]{1,15}$')
),
runs as (
    select beginning, count(distinct number) as n, max(number) - min(number) + 1 as n_between, min(number) as first_number, max(number) as last_number
    from numbered
    group by beginning
    having count(distinct number) >= $min_numbers and count(distinct number) >= $min_density * (max(number) - min(number) + 1)
)
select
    'request id' as part, coalesce(sum(n_between - n), 0)::bigint as n_affected, coalesce(sum(n_between), 0)::bigint as n_checked,
    case when sum(n_between - n) > 0 then 'numbers ' || min_by(first_number, beginning) || ' to ' || min_by(last_number, beginning) end as detail,
    null::varchar as example, null::varchar[] as columns
from runs
