/*---
title = "What two accounts agree on, one row per attribute, with the weight of all shared values together"
reads = ["agreements", "holders", "link_thresholds", "link_values"]
driver = "pairs of accounts, within the limit of pairs"
---*/
-- Accounts with many values agree by chance more often. The chance of sharing some r of n values is at most (n over r) times the product of
-- their shares, so the weight of r shared values is the sum of their weights less log2(n over r); the best r counts.
-- However many values are shared, they never weigh more than one value that nobody else has.
with possible as (
    select a.a, a.b
    from agreements as a
    join link_values as v on v.value_no = a.value_no
    group by a.a, a.b
    having sum(v.millibits) >= (select keep_millibits from link_thresholds)
),
tries as (
    select account_no, attribute, count(*) as n from holders group by account_no, attribute
),
ranked as (
    select
        a.a,
        a.b,
        v.attribute,
        v.family_no,
        v.value_no,
        v.n_accounts,
        v.most_millibits,
        least(x.n, y.n) as n_tries,
        row_number() over in_order as r,
        sum(v.millibits) over in_order as total_millibits
    from agreements as a
    semi join possible on possible.a = a.a and possible.b = a.b
    join link_values as v on v.value_no = a.value_no
    join tries as x on x.account_no = a.a and x.attribute = v.attribute
    join tries as y on y.account_no = a.b and y.attribute = v.attribute
    window in_order as (partition by a.a, a.b, v.attribute order by v.millibits desc, v.value_no rows unbounded preceding)
)
select
    a,
    b,
    attribute,
    family_no,
    arg_min(value_no, r) as value_no,
    arg_min(n_accounts, r) as n_accounts,
    count(*) as n_values,
    least(
        min(most_millibits),
        max(total_millibits - ceil(1000 * (lgamma(n_tries + 1) - lgamma(r + 1) - lgamma(n_tries - r + 1)) / ln(2) - 0.000001)))::bigint as millibits
from ranked
group by a, b, attribute, family_no
