/*---
title = "For groups that differ: their sampled accounts, and the accounts of the log with which their words are compared"
reads = ["differing", "group_members", "read_accounts"]
params = ["piece_accounts"]
---*/
with differing_groups as (
    select distinct group_id from differing
),
rest as (
    select account_no, account_id
    from read_accounts
    where is_reference
    order by md5(account_id), account_id
    limit $piece_accounts
)
select m.group_id, a.account_no, true as is_inside
from group_members as m
semi join differing_groups as d on d.group_id = m.group_id
join read_accounts as a on a.account_id = m.account_id
where m.is_sampled
union all
select d.group_id, r.account_no, false
from differing_groups as d
cross join rest as r
anti join group_members as m on m.group_id = d.group_id and m.account_id = r.account_id
