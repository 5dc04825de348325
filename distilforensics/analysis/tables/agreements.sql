/*---
title = "Every agreement of two accounts on a value, for the pairs that values other than the program's make"
reads = ["holders"]
driver = "pairs of accounts, within the limit of pairs"
---*/
with paired as materialized (
    select a.account_no as a, b.account_no as b, a.value_no
    from holders as a
    join holders as b on b.value_no = a.value_no and b.account_no > a.account_no
    where a.route = 'pairs' and b.route = 'pairs'
),
pairs as materialized (
    select distinct a, b from paired
),
joined as (
    select a.account_no as a, b.account_no as b, a.value_no
    from holders as a
    join holders as b on b.value_no = a.value_no and b.account_no > a.account_no
    where a.route = 'join' and b.route = 'join'
),
common as (
    select account_no, list(value_no order by value_no) as value_nos from holders where route in ('lookup', 'capped') group by account_no
)
select a, b, value_no from paired
union all
select joined.a, joined.b, joined.value_no from joined semi join pairs on pairs.a = joined.a and pairs.b = joined.b
union all
select pairs.a, pairs.b, unnest(list_intersect(x.value_nos, y.value_nos))
from pairs
join common as x on x.account_no = pairs.a
join common as y on y.account_no = pairs.b
