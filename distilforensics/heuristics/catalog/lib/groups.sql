/*---
id = "lib.groups"
grain = "one row per group"
description = "Groups with their size; kind is system, prefix, suffix, near, passage, prompt, parameters, program, pace, varied, mark or cluster."
columns = ["group_id", "kind", "n_exchanges", "n_accounts"]
---*/
select
    group_id,
    split_part(group_id, ':', 1) as kind,
    sum(n_exchanges)::bigint as n_exchanges,
    count(*) as n_accounts
from group_accounts
group by group_id
