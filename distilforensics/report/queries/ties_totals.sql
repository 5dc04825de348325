/*---
title = "Accounts that share a value with another account of the same side: members with members, others with others; ties inside of one tenant left out"
reads = ["accounts", "account_profiles", "exchange_features"]
---*/
with known as (
    select account_id, 'payment' as kind, payment_fingerprint as value from account_profiles where payment_fingerprint is not null
    union all
    select account_id, 'signup', time_bucket(interval 10 minutes, created_at)::varchar from account_profiles where created_at is not null
    union all
    select account_id, 'mail domain', email_domain from account_profiles where email_domain is not null
    union all
    select distinct account_id, 'address', client_ip from exchange_features where client_ip is not null
    union all
    select distinct account_id, 'network', ip_prefix from exchange_features where ip_prefix is not null
),
placed as (
    select
        k.account_id, k.kind, k.value, a.campaign_id is not null as is_member,
        coalesce(p.tenant_id, 'account ' || k.account_id) as customer
    from known as k
    join accounts as a on a.account_id = k.account_id
    left join account_profiles as p on p.account_id = k.account_id
    where a.campaign_id = $campaign_id or a.campaign_id is null
),
shared as (
    select kind, value, is_member from placed group by kind, value, is_member having count(distinct customer) > 1
),
marked as (
    select p.kind, p.is_member, p.account_id, bool_or(s.value is not null) as is_shared
    from placed as p
    left join shared as s on s.kind = p.kind and s.value = p.value and s.is_member = p.is_member
    group by p.kind, p.is_member, p.account_id
)
select
    kind,
    count(*) filter (is_member) as n_members,
    count(*) filter (is_member and is_shared) as n_members_shared,
    count(*) filter (not is_member) as n_others,
    count(*) filter (not is_member and is_shared) as n_others_shared,
    (select count(*) from shared as s where s.kind = m.kind and s.is_member) as n_values,
    round(100 * count(*) filter (is_member and is_shared) / nullif(count(*) filter (is_member), 0)) as members_percent,
    round(100 * count(*) filter (not is_member and is_shared) / nullif(count(*) filter (not is_member), 0)) as others_percent
from marked as m
group by kind
order by list_position(['payment', 'signup', 'address', 'network', 'mail domain'], kind)
