-- One customer with many keys
create or replace temp view account_profiles as from read_parquet(['data/account_profiles.parquet']);
create or replace temp view accounts as from read_parquet(['findings/accounts.parquet']);
create or replace temp view campaigns as from read_parquet(['findings/campaigns.parquet']);
create or replace temp view explained_groups as from read_parquet(['findings/explained_groups.parquet']);
create or replace temp view candidate_members as
select coalesce(campaign_id, split_part(reason_not_in_campaign, ':', 1)) as candidate_id, account_id
from accounts
where campaign_id is not null or split_part(reason_not_in_campaign, ':', 1) in (select group_id from explained_groups);
create or replace temp view customers as from read_parquet(['data/customers.parquet']);
create or replace temp view exchange_features as from read_parquet(['data/exchange_features.parquet']);
create or replace temp table candidate_tenancy as
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
from placed;
create or replace temp view template_exchanges as from read_parquet(['data/template_exchanges.parquet']);
create or replace temp view candidate_templates as
select campaign_id as candidate_id, unnest(templates) as template_id from campaigns
union all select group_id, unnest(templates) from explained_groups;
create or replace temp table candidate_exchanges as
with carried as (
    select distinct m.candidate_id, e.record_id, e.account_id, e.started_at
    from candidate_templates as t
    join template_exchanges as e on e.template_id = t.template_id
    join candidate_members as m on m.candidate_id = t.candidate_id and m.account_id = e.account_id
)
select candidate_id, record_id, account_id, started_at from carried
union all
select m.candidate_id, e.record_id, e.account_id, e.started_at
from candidate_members as m
anti join candidate_templates as t on t.candidate_id = m.candidate_id
join exchange_features as e on e.account_id = m.account_id;
create or replace temp table candidate_features as
select c.candidate_id, e.*
from candidate_exchanges as c
join exchange_features as e on e.record_id = c.record_id;
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
            when largest_share >= 0.8 then 'applies'
            when largest_share >= 0.5 or six_largest_share >= 0.8 then 'partly'
            when payer_share >= 0.8 then 'partly'
            when largest_share is not null then 'rebutted'
            when payer_share is null and network_share >= 0.8 then 'partly'
            when payer_share < 0.5 then 'rebutted'
            else 'not_checkable'
        end as verdict
    from measured
)
select
    candidate_id,
    verdict,
    round(coalesce(case when verdict = 'partly' and payer_share >= 0.8 then payer_share end, largest_share, payer_share, network_share), 6) as value,
    null::double as baseline,
    n_exchanges,
    n_accounts,
    case
        when verdict = 'partly' and coalesce(largest_share, 0) < 0.5 and coalesce(six_largest_share, 0) < 0.8 and payer_share >= 0.8
            then format('One payment method pays for {} of {} accounts, which is consistent with one customer that uses many keys.', n_payer, n_accounts)
        when verdict = 'partly' and largest_share is null and payer_share is null
            then format('The log says nothing about who holds or pays for the accounts, and {:.1f} % of the requests come from one network, which is consistent with one customer that uses many keys.', 100 * network_share)
        when largest_share < 0.5 and verdict = 'partly'
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
order by candidate_id;
