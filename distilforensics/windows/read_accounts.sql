/*---
title = "Accounts whose exchanges are read: a sample of the log in strata of volume, and the sampled members of groups"
reads = ["account_profiles", "group_members"]
params = ["max_reference_accounts", "max_account_exchanges"]
---*/
with ranked as (
    select
        account_id,
        row_number() over (
            partition by floor(log2(greatest(1, least(n_exchanges, $max_account_exchanges))))
            order by md5(account_id), account_id) <= $max_reference_accounts as is_reference
    from account_profiles
),
chosen as (
    select r.account_id, r.is_reference
    from ranked as r
    where r.is_reference or r.account_id in (select account_id from group_members where is_sampled)
)
select (row_number() over (order by account_id) - 1)::integer as account_no, account_id, is_reference
from chosen
