-- The accounts of a cluster share rare payment, address, sign-up or key attributes
create or replace temp view account_profiles as from read_parquet(['data/account_profiles.parquet']);
create or replace temp view clusters as from read_parquet(['data/clusters.parquet']);
create or replace temp view customers as from read_parquet(['data/customers.parquet']);
create or replace temp view account_attributes as from read_parquet(['data/account_attributes.parquet']);
create or replace temp view cluster_members as from read_parquet(['data/cluster_members.parquet']);
create or replace temp view templates as from read_parquet(['data/templates.parquet']);
create or replace temp table accounts_of_groups as
with members as (
    select a.value as group_id, a.account_id, a.n_exchanges
    from account_attributes as a
    semi join templates as t on t.template_id = a.value and t.kind = a.attribute and t.kind <> 'prompt' and t.n_accounts >= 10
    union all
    select m.cluster_id, m.account_id, p.n_exchanges
    from cluster_members as m
    join account_profiles as p on p.account_id = m.account_id
    qualify count(*) over (partition by m.cluster_id) >= 10
)
select
    group_id,
    account_id,
    n_exchanges
from members
order by group_id, account_id;
create or replace temp view group_accounts as select * from accounts_of_groups;
create or replace temp view links as from read_parquet(['data/links.parquet']);
with agreements as (
    select
        l.account_a,
        l.account_b,
        l.weight,
        unnest(l.attributes) as agreement
    from links as l
    join customers as a on a.account_id = l.account_a
    join customers as b on b.account_id = l.account_b and b.named_customer <> a.named_customer
),
identity_ties as (
    select
        account_a,
        account_b,
        case when agreement.attribute in ('ip', 'ip_prefix') then 'network' else agreement.attribute end as kind
    from agreements
    where agreement.attribute in ('payment', 'api_key', 'email_domain', 'signup', 'ip', 'ip_prefix') and agreement.weight >= 3
),
both_ways as (
    select account_a as account_id, account_b as other_id, kind from identity_ties
    union all
    select account_b, account_a, kind from identity_ties
),
-- All accounts of the log, whether in a cluster or not: the comparison.
tied_in_log as (
    select account_id, count(distinct kind) >= 2 as is_tied
    from both_ways
    group by account_id
),
log_totals as (
    select count(*) as n_accounts, count(*) filter (where t.is_tied) as n_tied
    from account_profiles as p
    left join tied_in_log as t on t.account_id = p.account_id
),
members as (
    select group_id, account_id
    from group_accounts
    where starts_with(group_id, 'cluster:')
    qualify count(*) over (partition by group_id) >= 20
),
kinds_of_members as (
    select distinct m.group_id, m.account_id, w.kind
    from both_ways as w
    join members as m on m.account_id = w.account_id
    join members as o on o.account_id = w.other_id and o.group_id = m.group_id
),
per_member as (
    select
        m.group_id,
        m.account_id,
        count(k.kind) >= 2 as is_tied,
        bool_or(k.kind = 'payment') as by_payment,
        bool_or(k.kind = 'api_key') as by_api_key,
        bool_or(k.kind = 'email_domain') as by_email_domain,
        bool_or(k.kind = 'signup') as by_signup,
        bool_or(k.kind = 'network') as by_network
    from members as m
    left join kinds_of_members as k on k.group_id = m.group_id and k.account_id = m.account_id
    group by m.group_id, m.account_id
),
per_cluster as (
    select
        m.group_id,
        count(*) as n_accounts,
        sum(p.n_exchanges)::bigint as n_exchanges,
        count(distinct c.named_customer) as n_tenants,
        count(*) filter (where m.is_tied) as n_tied,
        count(*) filter (where m.is_tied and t.is_tied) as n_tied_in_log,
        count(*) filter (where m.by_payment) / nullif(count(*), 0) as share_payment,
        count(*) filter (where m.by_api_key) / nullif(count(*), 0) as share_api_key,
        count(*) filter (where m.by_email_domain) / nullif(count(*), 0) as share_email_domain,
        count(*) filter (where m.by_signup) / nullif(count(*), 0) as share_signup,
        count(*) filter (where m.by_network) / nullif(count(*), 0) as share_network
    from per_member as m
    join account_profiles as p on p.account_id = m.account_id
    join customers as c on c.account_id = m.account_id
    left join tied_in_log as t on t.account_id = m.account_id
    group by m.group_id
),
link_weights as (
    select a.group_id, median(l.weight) as median_weight
    from links as l
    join members as a on a.account_id = l.account_a
    join members as b on b.account_id = l.account_b and b.group_id = a.group_id
    group by a.group_id
)
select
    p.group_id as entity_id,
    round(p.n_tied / nullif(p.n_accounts, 0), 6) >= 0.5 as is_fired,
    round(p.n_tied / nullif(p.n_accounts, 0), 6) as value,
    round((l.n_tied - p.n_tied_in_log) / nullif(l.n_accounts - p.n_accounts, 0), 6) as baseline,
    0.5::double as threshold,
    p.n_exchanges,
    p.n_accounts,
    (p.share_payment >= 0.1)::bigint + (p.share_api_key >= 0.1)::bigint
    + (p.share_email_domain >= 0.1)::bigint + (p.share_signup >= 0.1)::bigint
    + (p.share_network >= 0.1)::bigint as n_kinds,
    round(p.share_payment, 6) as share_payment,
    round(p.share_api_key, 6) as share_api_key,
    round(p.share_email_domain, 6) as share_email_domain,
    round(p.share_signup, 6) as share_signup,
    round(p.share_network, 6) as share_network,
    round(w.median_weight, 6) as median_link_weight,
    round(c.density, 6) as density,
    round(c.stability, 6) as stability,
    p.n_tenants
from per_cluster as p
left join clusters as c on c.cluster_id = p.group_id
left join link_weights as w on w.group_id = p.group_id
cross join log_totals as l
order by entity_id;
