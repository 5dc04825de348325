/*---
title = "Groups that were examined and explained"
reads = ["explained_groups"]
---*/
select * from explained_groups order by n_accounts desc, group_id
