/*---
title = "Groups that hand over inside of themselves, the heaviest first: what a campaign can begin with"
reads = ["group_loads", "tie_groups", "work_ties", "campaigns"]
---*/
with carried as (
    select g.group_id, count(distinct t.work) as n_moved, list_distinct(flatten(list([t.account_id, t.other_account_id]))) as tied
    from work_ties as t
    join tie_groups as g on g.record_id = t.record_id
    join group_loads as a on a.group_id = g.group_id and a.account_id = t.account_id
    join group_loads as b on b.group_id = g.group_id and b.account_id = t.other_account_id
    where t.kind = 'handover' and t.relation <> 'same'
    group by all
),
sizes as (
    select group_id, count(*) as n_accounts, sum(n_exchanges)::bigint as n_requests, sum(n_failed)::bigint as n_failed
    from group_loads
    group by all
),
counted as (
    select
        s.group_id, s.n_accounts, len(c.tied) as n_tied_accounts, s.n_requests, greatest(s.n_failed, c.n_moved) as n_failed, c.n_moved,
        c.n_moved / greatest(s.n_failed, c.n_moved) as share,
        -- Share of failed requests of accounts of different customers that another account repeats by chance.
        $rate_handover::double as rate
    from carried as c
    join sizes as s on s.group_id = c.group_id
),
kept as (
    from campaigns select campaign_id, unnest(templates) as group_id
)
select
    n.group_id, n.n_accounts, n.n_tied_accounts, n.n_requests, n.n_failed, n.n_moved,
    round(case when n.share <= n.rate then 0 else n.n_moved * log2(n.share / n.rate)
        + case when n.share < 1 then (n.n_failed - n.n_moved) * log2((1 - n.share) / (1 - n.rate)) else 0 end end, 3) as bits,
    k.campaign_id
from counted as n
left join kept as k on k.group_id = n.group_id
order by bits desc, n.group_id, k.campaign_id
