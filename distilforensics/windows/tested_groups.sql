/*---
title = "The groups that are tested, the largest of each kind"
reads = ["account_attributes", "templates", "clusters", "account_profiles"]
params = ["min_group_accounts", "max_groups_per_kind"]
---*/
with sized as (
    select template_id as group_id, kind, n_accounts
    from templates
    where kind in ('system', 'prefix', 'suffix', 'parameters')
    union all
    select cluster_id, 'cluster', n_accounts from clusters
    union all
    select 'tenant:' || tenant_id, 'tenant', count(*)
    from account_profiles
    where tenant_id is not null
    group by tenant_id
)
select
    group_id,
    kind,
    n_accounts,
    row_number() over (partition by kind order by n_accounts desc, group_id) <= $max_groups_per_kind as is_tested
from sized
where n_accounts >= $min_group_accounts
