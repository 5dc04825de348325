/*---
title = "Planted campaigns in all, and other accounts that planting brought into a campaign"
reads = ["power"]
---*/
select count(*) as n_planted, count(*) filter (is_found) as n_found, sum(n_innocents)::bigint as n_innocents from power
