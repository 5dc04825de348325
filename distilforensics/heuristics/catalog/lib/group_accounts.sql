/*---
id = "lib.group_accounts"
grain = "one row per group and account"
description = "Groups are the templates (texts and parameters that several accounts share) and the linkage clusters; `tenth` cuts the accounts of a group into ten parts by the hash of their id, for leaving one out. Groups of fewer than $min_group_accounts accounts are left out: no heuristic judges them."
columns = ["group_id", "account_id", "n_exchanges", "tenth"]
---*/
with members as (
    select a.value as group_id, a.account_id, a.n_exchanges
    from account_attributes as a
    semi join templates as t on t.template_id = a.value and t.n_accounts >= $min_group_accounts
    where a.attribute in (
        'system', 'prefix', 'suffix', 'near', 'passage', 'prompt', 'parameters', 'program', 'pace', 'varied', 'mark')
    union all
    select m.cluster_id, m.account_id, p.n_exchanges
    from cluster_members as m
    join account_profiles as p on p.account_id = m.account_id
    qualify count(*) over (partition by m.cluster_id) >= $min_group_accounts
)
select
    group_id,
    account_id,
    n_exchanges,
    (row_number() over (partition by group_id order by md5(account_id), account_id) - 1) * 10 // count(*) over (partition by group_id) as tenth
from members
order by group_id, account_id
