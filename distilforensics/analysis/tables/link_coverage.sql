/*---
title = "What was compared and what was left out, per attribute"
reads = ["link_values", "comparisons"]
driver = "a row per attribute"
---*/
select
    c.attribute,
    c.family,
    c.m,
    count(v.value_no) as n_values,
    count(*) filter (where v.route = 'none') as n_values_popular,
    count(*) filter (where v.route = 'capped') as n_values_capped,
    max(v.n_accounts) filter (where v.route = 'pairs') as max_accounts_pairing,
    coalesce(sum(v.n_accounts * (v.n_accounts - 1) // 2) filter (where v.route = 'pairs'), 0)::bigint as n_pairs
from comparisons as c
left join link_values as v on v.attribute = c.attribute
group by c.attribute, c.family, c.m
order by c.attribute
