/*---
title = "Groups are the templates (texts and parameters that several accounts share) and the linkage clusters. Groups of fewer than $min_group_accounts accounts are left out: no heuristic judges them."
reads = ["account_attributes", "account_profiles", "cluster_members", "templates"]
driver = "rows of accounts, by a thousand times fewer than exchanges"
params.min_group_accounts = "some_accounts"
---*/
with members as (
    select a.value as group_id, a.account_id, a.n_exchanges
    from account_attributes as a
    semi join templates as t on t.template_id = a.value and t.kind = a.attribute and t.kind <> 'prompt' and t.n_accounts >= $min_group_accounts
    union all
    select m.cluster_id, m.account_id, p.n_exchanges
    from cluster_members as m
    join account_profiles as p on p.account_id = m.account_id
    qualify count(*) over (partition by m.cluster_id) >= $min_group_accounts
)
select
    group_id,
    account_id,
    n_exchanges
from members
order by group_id, account_id
