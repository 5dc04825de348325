/*---
reads = ["exchange_features", "accounts_directory"]
partition = { exchange_features = "account_id", accounts_directory = "account_id" }
order = "account_id"
---*/
with tenants as (
    select account_id, tenant_id, row_number() over (partition by account_id order by count(*) desc, tenant_id) as position
    from exchange_features
    where tenant_id is not null
    group by account_id, tenant_id
),
directory as (
    select
        account_id,
        min(created_at) as created_at,
        min(payment_fingerprint) as payment_fingerprint,
        min(email_domain) as email_domain,
        min(plan) as plan,
        min(organization) as organization
    from accounts_directory
    group by account_id
),
traffic as (
    select
        account_id,
        count(*) as n_exchanges,
        count(*) filter (where status = 'ok') as n_ok,
        count(*) filter (where status = 'limited') as n_limited,
        sum(input_tokens)::bigint as input_tokens,
        sum(output_tokens)::bigint as output_tokens,
        count(*) filter (where input_tokens is not null and output_tokens is not null) as n_with_tokens,
        min(started_at) as first_seen,
        max(started_at) as last_seen,
        count(distinct date_trunc('day', started_at)) as n_active_days,
        count(distinct dayofweek(started_at) * 24 + hour(started_at)) as n_active_hours_of_week,
        count(distinct prompt_hash) as n_distinct_prompts,
        count(prompt_hash) as n_with_prompt,
        count(distinct client_ip) as n_ips,
        count(distinct ip_prefix) as n_ip_prefixes,
        count(distinct user_agent) as n_user_agents,
        count(distinct end_user_id) as n_end_users,
        count(distinct model) as n_models
    from exchange_features
    group by account_id
)
select
    traffic.account_id,
    tenants.tenant_id,
    traffic.* exclude (account_id),
    directory.created_at,
    directory.payment_fingerprint,
    directory.email_domain,
    directory.plan,
    directory.organization
from traffic
left join tenants on tenants.account_id = traffic.account_id and tenants.position = 1
left join directory on directory.account_id = traffic.account_id
order by traffic.account_id
