/*---
title = "Groups with their size; kind is one of kinds.toml, or cluster."
reads = ["group_accounts"]
---*/
select
    group_id,
    split_part(group_id, ':', 1) as kind,
    sum(n_exchanges)::bigint as n_exchanges,
    count(*) as n_accounts
from group_accounts
group by group_id
