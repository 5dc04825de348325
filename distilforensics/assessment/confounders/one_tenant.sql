/*---
id = "confounder.one_tenant"
title = "One customer with many keys"
question = "Are the accounts the sub-accounts of one customer, who may divide work over keys as it likes?"
priority = 9
reads = ["candidate_tenancy", "candidate_features"]
params.applies_share = { default = 0.8, unit = "share of the members", why = "a few accounts beside a customer's own are expected where a template is public" }
params.few_share = { default = 0.8, unit = "share of the members", why = "that belong to the six largest customers: each of a few customers divides its own work over its keys, and a program or an event that they have in common makes them look like one" }
params.partly_share = { default = 0.5, unit = "share of the members", why = "half of the candidate being one customer leaves a remainder that may be too small to be judged" }
references = ["agencies and companies run hundreds of sub-accounts under one client prompt"]
version = 3
---*/
with sizes as (
    select candidate_id, count(*) as n_exchanges, count(ip_prefix) as n_with_network from candidate_features group by candidate_id
),
networks as (
    select candidate_id, max(n) as n_largest
    from (select candidate_id, ip_prefix, count(*) as n from candidate_features where ip_prefix is not null group by candidate_id, ip_prefix)
    group by candidate_id
),
measured as (
    select
        t.candidate_id,
        t.n_accounts,
        coalesce(s.n_exchanges, 0) as n_exchanges,
        case when t.by_tenant then t.largest_share end as largest_share,
        t.six_largest_share,
        t.n_largest,
        t.n_known,
        t.n_customers,
        t.n_payer,
        t.payer_share,
        case when s.n_with_network >= 0.5 * s.n_exchanges then w.n_largest / s.n_with_network end as network_share
    from candidate_tenancy as t
    left join sizes as s on s.candidate_id = t.candidate_id
    left join networks as w on w.candidate_id = t.candidate_id
),
judged as (
    select
        *,
        -- One payment method is what one customer has, whose projects may be tenants, and also what a pool on one stolen card has.
        -- One network, where nothing else is known, is an office or one exit of a pool. Both explain a part at most.
        case
            when largest_share >= $applies_share then 'applies'
            when largest_share >= $partly_share or six_largest_share >= $few_share then 'partly'
            when payer_share >= $applies_share then 'partly'
            when largest_share is not null then 'rebutted'
            when payer_share is null and network_share >= $applies_share then 'partly'
            when payer_share < $partly_share then 'rebutted'
            else 'not_checkable'
        end as verdict
    from measured
)
select
    candidate_id,
    verdict,
    round(coalesce(case when verdict = 'partly' and payer_share >= $applies_share then payer_share end, largest_share, payer_share, network_share), 6) as value,
    null::double as baseline,
    n_exchanges,
    n_accounts,
    case
        when verdict = 'partly' and coalesce(largest_share, 0) < $partly_share and coalesce(six_largest_share, 0) < $few_share and payer_share >= $applies_share
            then format('One payment method pays for {} of {} accounts, which is consistent with one customer that uses many keys.', n_payer, n_accounts)
        when verdict = 'partly' and largest_share is null and payer_share is null
            then format('The log says nothing about who holds or pays for the accounts, and {:.1f} % of the requests come from one network, which is consistent with one customer that uses many keys.', 100 * network_share)
        when largest_share < $partly_share and verdict = 'partly'
            then format('{:.1f} % of the accounts belong to the six largest of {} organisations or tenants, which is consistent with a few customers that use many keys each.', 100 * six_largest_share, n_customers)
        when largest_share is not null and verdict <> 'rebutted'
            then format('{} of {} accounts belong to one organisation or tenant, which is consistent with one customer that uses many keys.', n_largest, n_accounts)
        when largest_share is not null
            then format('The accounts are not those of one customer: the largest organisation or tenant holds {} of {} accounts; an account with neither counts for itself.', n_largest, n_known)
        when verdict = 'rebutted'
            then format('The log names no tenants, but the accounts are not paid by one customer: the most used payment method pays for {} of {} accounts.', n_payer, n_accounts)
        else 'Whether the accounts are those of one customer cannot be checked: the log names no tenants for them, and payment methods do not settle it.'
    end as statement
from judged
order by candidate_id
