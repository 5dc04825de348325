/*---
id = "lib.candidate_tenancy"
title = "The largest customer among a candidate's members: by organisation, by tenant where none is known, by payer where there is neither"
reads = ["account_profiles", "candidate_members", "customers", "exchange_features"]
---*/
-- An organisation has tenants (its departments, its projects), so it comes first.
-- A source that names no tenant for anybody says nothing about tenants; in one that does, an account without a tenant is a customer of its own,
-- unless it is paid like most of the others: keys that one customer renews look like that.
with naming_sources as (
    select distinct split_part(record_id, ':', 1) as source from exchange_features where tenant_id is not null
),
in_naming_source as (
    select distinct e.account_id
    from exchange_features as e
    semi join candidate_members as m on m.account_id = e.account_id
    semi join naming_sources as s on s.source = split_part(e.record_id, ':', 1)
),
common_payers as (
    select m.candidate_id, p.payment_fingerprint
    from candidate_members as m
    join account_profiles as p on p.account_id = m.account_id
    where p.payment_fingerprint is not null
    group by m.candidate_id, p.payment_fingerprint
    qualify count(*) >= 0.5 * sum(count(*)) over (partition by m.candidate_id)
),
members as (
    select
        m.candidate_id,
        m.account_id,
        case
            when k.reason in ('organisation', 'tenant') then k.customer
            when n.account_id is not null and c.payment_fingerprint is null then k.named_customer
        end as customer
    from candidate_members as m
    left join customers as k on k.account_id = m.account_id
    left join account_profiles as p on p.account_id = m.account_id
    left join in_naming_source as n on n.account_id = m.account_id
    left join common_payers as c on c.candidate_id = m.candidate_id and c.payment_fingerprint = p.payment_fingerprint
),
sizes as (
    select candidate_id, customer, count(*) as n
    from members
    where customer is not null
    group by candidate_id, customer
),
largest as (
    select
        candidate_id,
        max(n) as n_largest,
        sum(n) filter (where place <= 6)::bigint as n_of_six_largest,
        sum(n)::bigint as n_known,
        count(*) as n_customers
    from (select candidate_id, n, row_number() over (partition by candidate_id order by n desc, customer) as place from sizes)
    group by candidate_id
),
payers as (
    select m.candidate_id, p.payment_fingerprint, count(*) as n
    from candidate_members as m
    join account_profiles as p on p.account_id = m.account_id
    where p.payment_fingerprint is not null
    group by m.candidate_id, p.payment_fingerprint
),
largest_payer as (
    select candidate_id, max(n) as n_largest, sum(n)::bigint as n_known, count(*) as n_customers
    from payers
    group by candidate_id
),
counted as (
    select candidate_id, count(*) as n_accounts from candidate_members group by candidate_id
),
placed as (
    select
        c.candidate_id,
        c.n_accounts,
        -- Unknown if fewer than half of the members can be placed.
        coalesce(l.n_known >= 0.5 * c.n_accounts, false) as by_tenant,
        coalesce(p.n_known >= 0.5 * c.n_accounts, false) as by_payer,
        l.n_largest,
        l.n_of_six_largest,
        l.n_known,
        l.n_customers,
        p.n_largest as n_payer,
        p.n_known as n_paid,
        p.n_customers as n_payers
    from counted as c
    left join largest as l on l.candidate_id = c.candidate_id
    left join largest_payer as p on p.candidate_id = c.candidate_id
)
-- Many payers are many customers; one payer for most is one customer or one stolen card, so that it leaves the share unknown.
select
    candidate_id,
    n_accounts,
    by_tenant,
    by_payer,
    n_payer,
    case when by_tenant then 'organisation or tenant' when by_payer and n_payer < 0.5 * n_paid then 'payment method' end as told_by,
    case when by_payer then n_payer / n_paid end as payer_share,
    case when by_tenant then n_largest when by_payer and n_payer < 0.5 * n_paid then n_payer end as n_largest,
    case when by_tenant then n_known when by_payer and n_payer < 0.5 * n_paid then n_paid end as n_known,
    case when by_tenant then n_customers when by_payer and n_payer < 0.5 * n_paid then n_payers end as n_customers,
    case when by_tenant then n_of_six_largest / n_known end as six_largest_share,
    case when by_tenant then n_largest / n_known when by_payer and n_payer < 0.5 * n_paid then n_payer / n_paid end as largest_share
from placed
