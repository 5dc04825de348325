/*---
id = "infrastructure.shared_payment"
code = "I9"
title = "Accounts of a group that belong to different tenants are paid for with the same methods"
status = "experimental"
level = "high"
description = "Counts the accounts of a group whose payment method also pays for another account of the group with another tenant, and compares the share with the rest of the log."
entity = "group"
sees = "$min_accounts accounts with known payment of which a share of $min_share, at least $min_sharing, has a method in common with a member of another tenant, $min_excess more than elsewhere in the log."
volume = "$min_accounts accounts with a payment fingerprint in the group"
reads = ["account_profiles", "customers", "group_accounts"]
needs = ["account_id", "accounts_directory.payment_fingerprint"]
params.min_accounts = { default = 20, unit = "accounts with a payment fingerprint", why = "families, hobbyists and small teams share cards" }
params.min_sharing = { default = 10, unit = "accounts that share a method", why = "two people with three or four accounts each are no pool" }
params.min_group_share = { default = 0.5, unit = "share of the method's accounts", why = "a method that is used all over the log (vouchers, an app store) ties nothing" }
params.min_share = { default = 0.3, unit = "share of the group's accounts", why = "pools mix shared and single-use cards; strangers share none" }
params.min_excess = { default = 0.2, unit = "share above that of accounts outside of the group", why = "where shared methods are common in the whole log they say nothing about the group; a difference, not a ratio, so that a second pool in the log does not hide the first" }
output.n_sharing = { unit = "accounts", meaning = "accounts whose method also pays for a member of another tenant" }
output.n_shared_methods = { unit = "payment methods", meaning = "methods that pay for at least two accounts of the group with different tenants" }
output.most_accounts_per_method = { unit = "accounts", meaning = "accounts of the group on the most shared of these methods" }
value = { unit = "share of the group's accounts", meaning = "accounts whose payment method also pays for a member of another tenant" }
falsepositives = ["a reseller or agency that pays for the accounts of its clients", "a company with one card and no tenant in the log", "prepaid products whose fingerprint is that of the issuer"]
limitations = ["virtual cards, one per account, are not seen", "a pool inside of one billing tenant is not seen", "needs an accounts directory"]
references = ["Anthropic, Detecting and preventing distillation attacks, 23 February 2026: shared payment methods"]
tags = ["atlas.AML.T0021"]
author = "distilforensics"
date = "2026-11-23"
modified = "2026-11-30"
version = 3
---*/
with paid as (
    select
        p.account_id,
        p.payment_fingerprint as method,
        c.named_customer as tenant,
        p.n_exchanges
    from account_profiles as p
    join customers as c on c.account_id = p.account_id
    where p.payment_fingerprint is not null
),
methods as (
    select method, count(*) as n_accounts, count(distinct tenant) > 1 as is_shared
    from paid
    group by method
),
log_totals as (
    select count(*) as n, count(*) filter (where m.is_shared) as n_sharing
    from paid as p
    join methods as m on m.method = p.method
),
members as (
    select g.group_id, g.account_id, p.method, p.tenant, p.n_exchanges
    from group_accounts as g
    join paid as p on p.account_id = g.account_id
    qualify count(*) over (partition by g.group_id) >= $min_accounts
),
group_methods as (
    select
        m.group_id,
        m.method,
        count(*) as n_accounts,
        sum(m.n_exchanges)::bigint as n_exchanges,
        min(a.is_shared::int) = 1 as is_shared_in_log,
        count(distinct m.tenant) > 1 and count(*) >= $min_group_share * min(a.n_accounts) as is_shared
    from members as m
    join methods as a on a.method = m.method
    group by m.group_id, m.method
),
per_group as (
    select
        group_id,
        sum(n_accounts)::bigint as n_accounts,
        sum(n_exchanges)::bigint as n_exchanges,
        coalesce(sum(n_accounts) filter (where is_shared), 0)::bigint as n_sharing,
        coalesce(sum(n_accounts) filter (where is_shared_in_log), 0)::bigint as n_sharing_in_log,
        count(*) filter (where is_shared) as n_methods,
        coalesce(max(n_accounts) filter (where is_shared), 0) as most_accounts
    from group_methods
    group by group_id
),
judged as (
    select
        p.group_id,
        p.n_accounts,
        p.n_exchanges,
        p.n_sharing,
        p.n_methods,
        p.most_accounts,
        p.n_sharing / nullif(p.n_accounts, 0) as share,
        (t.n_sharing - p.n_sharing_in_log) / nullif(t.n - p.n_accounts, 0) as share_of_others
    from per_group as p
    cross join log_totals as t
)
select
    group_id as entity_id,
    round(share, 6) >= round(greatest($min_share, coalesce(share_of_others, 0) + $min_excess), 6)
    and n_sharing >= $min_sharing as is_fired,
    round(share, 6) as value,
    round(share_of_others, 6) as baseline,
    round(greatest($min_share, coalesce(share_of_others, 0) + $min_excess), 6) as threshold,
    n_exchanges,
    n_accounts,
    n_sharing,
    n_methods as n_shared_methods,
    most_accounts as most_accounts_per_method
from judged
order by entity_id
