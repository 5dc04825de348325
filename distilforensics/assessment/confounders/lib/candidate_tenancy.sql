/*---
id = "lib.candidate_tenancy"
title = "The largest tenant, or organisation where there are no tenants, among a candidate's members; accounts without one stand alone"
reads = ["candidate_members", "exchange_features", "account_profiles"]
---*/
-- A source that names no tenant for anybody says nothing about tenants; in one that does, an account without a tenant is a customer of its own.
with naming_sources as (
    select distinct split_part(record_id, ':', 1) as source from exchange_features where tenant_id is not null
),
in_naming_source as (
    select distinct e.account_id
    from exchange_features as e
    semi join candidate_members as m on m.account_id = e.account_id
    semi join naming_sources as s on s.source = split_part(e.record_id, ':', 1)
),
members as (
    select
        m.candidate_id,
        m.account_id,
        case
            when p.tenant_id is not null then 'tenant ' || p.tenant_id
            when p.organization is not null then 'organisation ' || p.organization
            when n.account_id is not null then 'account ' || m.account_id
        end as customer
    from candidate_members as m
    left join account_profiles as p on p.account_id = m.account_id
    left join in_naming_source as n on n.account_id = m.account_id
),
sizes as (
    select candidate_id, customer, count(*) as n
    from members
    where customer is not null
    group by candidate_id, customer
),
largest as (
    select candidate_id, max(n) as n_largest, sum(n)::bigint as n_known, count(*) as n_customers
    from sizes
    group by candidate_id
),
counted as (
    select candidate_id, count(*) as n_accounts from candidate_members group by candidate_id
)
select
    c.candidate_id,
    c.n_accounts,
    coalesce(l.n_known, 0) as n_known,
    l.n_customers,
    l.n_largest,
    -- NULL if fewer than half of the members can be placed
    case when l.n_known >= 0.5 * c.n_accounts then l.n_largest / l.n_known end as largest_share
from counted as c
left join largest as l on l.candidate_id = c.candidate_id
