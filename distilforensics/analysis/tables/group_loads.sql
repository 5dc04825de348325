/*---
description = "Exchanges and failed exchanges of every account in every group: those that carry the template, or all of a cluster's accounts"
reads = ["template_exchanges", "exchange_features", "cluster_members"]
driver = "sums of exchanges by group, of which one may hold most of a log"
params.min_accounts = "smallest_set"
---*/
with calls as (
    select record_id, account_id, status in ('limited', 'error', 'blocked') as is_failed from exchange_features
),
loads as (
    select t.template_id as group_id, t.account_id, count(*) as n_exchanges, count(*) filter (where c.is_failed) as n_failed
    from template_exchanges as t
    join calls as c on c.record_id = t.record_id
    group by t.template_id, t.account_id
    union all
    select m.cluster_id, m.account_id, count(*), count(*) filter (where c.is_failed)
    from cluster_members as m
    join calls as c on c.account_id = m.account_id
    group by m.cluster_id, m.account_id
)
select group_id, account_id, n_exchanges, n_failed
from loads
qualify count(*) over (partition by group_id) >= $min_accounts
order by group_id, account_id
