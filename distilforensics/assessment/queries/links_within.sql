/*---
reads = ["campaign_accounts", "links"]
description = "Weight of each campaign account's links to other accounts of the same campaign, in thousandths of a bit, and what they rest on"
---*/
with inside as (
    select l.account_a, l.account_b, round(1000 * l.weight)::bigint as millibits, l.attributes
    from links as l
    join campaign_accounts as a on a.account_id = l.account_a
    join campaign_accounts as b on b.account_id = l.account_b and b.campaign_id = a.campaign_id
),
ends as (
    select account_a as account_id, millibits, attributes from inside
    union all
    select account_b, millibits, attributes from inside
)
select
    account_id,
    sum(millibits)::bigint as millibits,
    list_sort(list_distinct(flatten(list(list_transform(list_filter(attributes, lambda x: x.weight > 0), lambda x: x.attribute))))) as attributes
from ends
group by account_id
order by account_id
