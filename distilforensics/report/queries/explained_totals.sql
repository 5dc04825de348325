/*---
title = "Groups that are run as one and not reported as campaigns, and their accounts, together"
reads = ["explained_groups"]
---*/
select count(*) as n_groups, coalesce(sum(n_accounts), 0)::bigint as n_accounts, coalesce(sum(n_exchanges), 0)::bigint as n_requests
from explained_groups
