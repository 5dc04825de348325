/*---
title = "Accounts of the tested groups; is_sampled marks those whose exchanges are read, tenth the part that a stability run leaves out"
reads = ["tested_groups", "account_attributes", "cluster_members", "account_profiles"]
params = ["max_group_accounts"]
---*/
with members as (
    select a.value as group_id, a.account_id
    from account_attributes as a
    where a.attribute in ('system', 'prefix', 'suffix', 'parameters')
    union all
    select cluster_id, account_id from cluster_members
    union all
    select 'tenant:' || tenant_id, account_id from account_profiles where tenant_id is not null
),
ranked as (
    select
        m.group_id,
        m.account_id,
        row_number() over (partition by m.group_id order by md5(m.account_id), m.account_id) - 1 as place,
        count(*) over (partition by m.group_id) as n
    from members as m
    semi join tested_groups as g on g.group_id = m.group_id and g.is_tested
)
select
    group_id,
    account_id,
    place * 10 // n as tenth,
    -- Spread evenly over the places, so that every tenth is represented.
    (place * $max_group_accounts) // n <> ((place - 1) * $max_group_accounts) // n or n <= $max_group_accounts or place = 0 as is_sampled
from ranked
