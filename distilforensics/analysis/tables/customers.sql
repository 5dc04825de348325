/*---
reads = ["account_profiles", "exchange_features"]
driver = "rows of accounts, by a thousand times fewer than exchanges; of the exchanges only who named a tenant"
params.max_accounts_of_payer = "household_accounts"
---*/
with payers as (
    select payment_fingerprint
    from account_profiles
    where payment_fingerprint is not null
    group by payment_fingerprint
    having count(*) <= $max_accounts_of_payer
),
-- A source that names the tenants of others says of an account without one that it has none; a source that names nobody's says nothing.
naming_sources as (
    select distinct split_part(record_id, ':', 1) as source from exchange_features where tenant_id is not null
),
in_naming_source as (
    select distinct e.account_id
    from exchange_features as e
    semi join naming_sources as s on s.source = split_part(e.record_id, ':', 1)
)
-- An organisation has tenants (its departments, its projects), so it comes first.
select
    a.account_id,
    coalesce('organisation ' || a.organization, 'tenant ' || a.tenant_id, 'payer ' || p.payment_fingerprint, 'account ' || a.account_id) as customer,
    coalesce('organisation ' || a.organization, 'tenant ' || a.tenant_id, 'account ' || a.account_id) as named_customer,
    case
        when a.organization is not null then 'organisation'
        when a.tenant_id is not null then 'tenant'
        when p.payment_fingerprint is not null then 'payer'
        when n.account_id is not null then 'alone'
        else 'unknown'
    end as reason
from account_profiles as a
left join payers as p on p.payment_fingerprint = a.payment_fingerprint
left join in_naming_source as n on n.account_id = a.account_id
order by a.account_id
