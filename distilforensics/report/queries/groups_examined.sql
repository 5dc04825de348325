/*---
title = "Groups of accounts that were compared, by size"
reads = ["templates", "clusters"]
---*/
with sizes as (
    select n_accounts from templates
    union all
    select n_accounts from clusters
)
select count(*) filter (n_accounts >= 10) as n_groups, count(*) filter (n_accounts >= 20) as n_large
from sizes
