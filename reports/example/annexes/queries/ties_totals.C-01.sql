-- Accounts that share a rare value with another customer's account of the same side: members with members, others with others
create or replace temp view accounts as from read_parquet(['findings/accounts.parquet']);
create or replace temp view account_profiles as from read_parquet(['data/account_profiles.parquet']);
create or replace temp view exchange_features as from read_parquet(['data/exchange_features.parquet']);
create or replace temp table accounts_with_address as
select distinct account_id from exchange_features where client_ip is not null or ip_prefix is not null;
create or replace temp view shared_values as from read_parquet(['data/shared_values.parquet']);
with placed as (
    select a.account_id, a.campaign_id is not null as is_member, coalesce(p.organization, p.tenant_id, 'account ' || a.account_id) as customer
    from accounts as a
    left join account_profiles as p on p.account_id = a.account_id
    where a.campaign_id = 'C-01' or a.campaign_id is null
),
known as (
    select account_id, 'payment' as kind from account_profiles where payment_fingerprint is not null
    union all
    select account_id, 'signup' from account_profiles where created_at is not null
    union all
    select account_id, 'network' from accounts_with_address
    union all
    select account_id, 'mail' from account_profiles where email_domain is not null
),
shared as (
    select v.kind, v.value, p.is_member
    from shared_values as v
    join placed as p on p.account_id = v.account_id
    group by v.kind, v.value, p.is_member
    having count(distinct p.customer) > 1
),
sharing as (
    select distinct v.kind, v.account_id
    from shared_values as v
    join placed as p on p.account_id = v.account_id
    join shared as s on s.kind = v.kind and s.value = v.value and s.is_member = p.is_member
)
select
    k.kind,
    count(*) filter (p.is_member) as n_members,
    count(*) filter (p.is_member and s.account_id is not null) as n_members_shared,
    count(*) filter (not p.is_member) as n_others,
    count(*) filter (not p.is_member and s.account_id is not null) as n_others_shared,
    round(100 * count(*) filter (p.is_member and s.account_id is not null) / nullif(count(*) filter (p.is_member), 0)) as members_percent,
    round(100 * count(*) filter (not p.is_member and s.account_id is not null) / nullif(count(*) filter (not p.is_member), 0)) as others_percent
from known as k
join placed as p on p.account_id = k.account_id
left join sharing as s on s.kind = k.kind and s.account_id = k.account_id
group by k.kind
order by list_position(['payment', 'signup', 'network', 'mail'], k.kind);
