/*---
title = "Planted campaigns by kind: from how many accounts on all were found, and the largest that was missed"
reads = ["power"]
---*/
with kinds as (
    select is_careful, requests_per_day, dilution, max(n_accounts) filter (not is_found) as missed_up_to, max(n_accounts) as largest
    from power
    group by all
)
select
    k.is_careful, k.requests_per_day, (100 * k.dilution)::bigint as diluted_percent, k.missed_up_to, k.largest,
    min(p.n_accounts) as found_from
from kinds as k
left join power as p on p.is_careful = k.is_careful and p.requests_per_day = k.requests_per_day and p.dilution = k.dilution
    and p.is_found and p.n_accounts > coalesce(k.missed_up_to, 0)
group by k.is_careful, k.requests_per_day, k.dilution, k.missed_up_to, k.largest
order by k.is_careful, k.dilution, k.requests_per_day desc
