-- The default of a popular product or a public prompt
create or replace temp view accounts as from read_parquet(['findings/accounts.parquet']);
create or replace temp view campaigns as from read_parquet(['findings/campaigns.parquet']);
create or replace temp view explained_groups as from read_parquet(['findings/explained_groups.parquet']);
create or replace temp view candidate_members as
select coalesce(campaign_id, split_part(reason_not_in_campaign, ':', 1)) as candidate_id, account_id
from accounts
where campaign_id is not null or split_part(reason_not_in_campaign, ':', 1) in (select group_id from explained_groups);
create or replace temp view candidate_templates as
select campaign_id as candidate_id, unnest(templates) as template_id from campaigns
union all select group_id, unnest(templates) from explained_groups;
create or replace temp view exchange_features as from read_parquet(['data/exchange_features.parquet']);
create or replace temp view template_exchanges as from read_parquet(['data/template_exchanges.parquet']);
create or replace temp table candidate_carriers as
with carried as (
    select distinct t.candidate_id, e.account_id, e.record_id, e.started_at
    from candidate_templates as t
    join template_exchanges as e on e.template_id = t.template_id
    union all
    select m.candidate_id, e.account_id, e.record_id, e.started_at
    from candidate_members as m
    anti join candidate_templates as t on t.candidate_id = m.candidate_id
    join exchange_features as e on e.account_id = m.account_id
)
select candidate_id, account_id, count(*) as n_exchanges, count(distinct started_at::date) as n_days
from carried
group by candidate_id, account_id;
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
create or replace temp view account_profiles as from read_parquet(['data/account_profiles.parquet']);
create or replace temp view customers as from read_parquet(['data/customers.parquet']);
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
with population as (
    select count(*) as n from account_profiles
),
carriers as (
    select
        candidate_id,
        account_id,
        n_exchanges,
        n_exchanges / n_days as rate,
        sum(n_exchanges) over (partition by candidate_id order by n_exchanges / n_days, account_id rows unbounded preceding) as n_up_to,
        sum(n_exchanges) over (partition by candidate_id) as n_all
    from candidate_carriers
),
-- The typical load is that of the account which sends the middle exchange, so that many occasional users do not set it.
typical as (
    select candidate_id, min(rate) as rate from carriers where 2 * n_up_to >= n_all group by candidate_id
),
loads as (
    select
        c.candidate_id,
        count(*) as n_carriers,
        sum(c.n_exchanges) filter (where c.rate between t.rate / 2 and t.rate * 2) / sum(c.n_exchanges) as typical_share
    from carriers as c
    join typical as t on t.candidate_id = c.candidate_id
    group by c.candidate_id
),
sizes as (
    select candidate_id, count(*) as n_exchanges, count(distinct account_id) as n_senders from candidate_features group by candidate_id
),
reworded as (
    select distinct candidate_id from candidate_templates where starts_with(template_id, 'near:')
),
texts as (
    select
        candidate_id,
        record_id,
        account_id,
        unnest([system_template, prefix_template, suffix_template, passage_template]) as template_id
    from candidate_features
    semi join reworded using (candidate_id)
),
common_texts as (
    select t.candidate_id, t.template_id
    from texts as t
    join sizes as s on s.candidate_id = t.candidate_id
    where t.template_id is not null
    group by t.candidate_id, t.template_id
    having count(distinct t.account_id) >= 0.2 * min(s.n_senders)
),
with_common_text as (
    select t.candidate_id, count(distinct t.record_id) as n
    from texts as t
    semi join common_texts as c on c.candidate_id = t.candidate_id and c.template_id = t.template_id
    group by t.candidate_id
),
measured as (
    select
        t.candidate_id,
        t.n_accounts,
        coalesce(s.n_exchanges, 0) as n_exchanges,
        l.n_carriers,
        l.n_carriers / p.n as account_share,
        l.typical_share,
        case when t.largest_share is not null then t.n_customers / t.n_known end as customer_share,
        t.told_by,
        case when r.candidate_id is not null then coalesce(w.n, 0) / s.n_exchanges end as text_share
    from candidate_tenancy as t
    cross join population as p
    left join loads as l on l.candidate_id = t.candidate_id
    left join sizes as s on s.candidate_id = t.candidate_id
    left join reworded as r on r.candidate_id = t.candidate_id
    left join with_common_text as w on w.candidate_id = t.candidate_id
),
judged as (
    select
        *,
        account_share >= 0.01
        and typical_share < 0.7
        and customer_share >= 0.5
        and coalesce(text_share >= 0.5, true) as is_explained,
        account_share >= 0.01
        and typical_share < 0.85
        and customer_share >= 0.5
        and coalesce(text_share >= 0.5, true) as is_partly
    from measured
)
select
    candidate_id,
    case when is_explained then 'applies' when is_partly then 'partly' when not is_partly then 'rebutted' else 'not_checkable' end as verdict,
    round(typical_share, 6) as value,
    0.7::double as baseline,
    n_exchanges,
    n_accounts,
    concat(
        case
            when is_explained then 'The group is consistent with the default of a product or a public prompt: '
            when is_partly then 'The group is in part consistent with the default of a product or a public prompt: '
            when not is_partly then 'The group is not that of a popular product or public prompt: '
            else 'Whether the group is that of a popular product or public prompt cannot be settled: '
        end,
        format(
            '{} accounts ({:.1f} % of the log) carry it, and {:.1f} % of its requests come from accounts whose daily load is within a factor of two of the typical one',
            n_carriers, 100 * account_share, 100 * typical_share),
        coalesce(format('; there are {:.2f} customers by {} per account', customer_share, told_by), case when is_partly is null then '; customers are not known' else '' end),
        coalesce(format('; {:.1f} % of the requests, whose frame is reworded, carry an exact text that many of the accounts have', 100 * text_share), ''),
        '.') as statement
from judged
order by candidate_id;
