/*---
id = "infrastructure.link_graph"
code = "I1"
title = "The accounts of a cluster share rare payment, address, sign-up or key attributes"
status = "experimental"
level = "high"
description = "Looks at what the links inside a linkage cluster rest on. An account counts as tied if its links to other members, of another tenant, carry rare values of at least two different kinds of identity: payment method, API key, e-mail domain, time of sign-up, network. Templates and client programs do not count here, since they belong to other families of evidence."
entity = "group"
sees = "A cluster of $min_accounts accounts of which a share of $min_share is tied to other members by $min_kinds kinds of rare identity values, such as a payment method and an address."
volume = "a cluster of $min_accounts accounts"
reads = ["account_profiles", "clusters", "customers", "group_accounts", "links"]
needs = ["account_id", "client_ip|api_key_id|accounts_directory.payment_fingerprint|accounts_directory.email_domain|accounts_directory.created_at"]
params.min_accounts = "group_accounts"
params.min_weight = "rare_bits"
params.min_kinds = { default = 2, unit = "kinds of identity", why = "one shared kind has one innocent explanation (a proxy, a card of a reseller, a campaign day); two independent ones rarely share it" }
params.min_share = "half"
params.min_kind_share = "few"
output.n_kinds = { unit = "kinds of identity", meaning = "kinds that tie enough of the members" }
output.share_payment = { unit = "share of members", meaning = "tied to another member by a payment method" }
output.share_api_key = { unit = "share of members", meaning = "tied by an API key" }
output.share_email_domain = { unit = "share of members", meaning = "tied by an e-mail domain" }
output.share_signup = { unit = "share of members", meaning = "tied by a time of sign-up" }
output.share_network = { unit = "share of members", meaning = "tied by an address or network" }
output.median_link_weight = { unit = "bits", meaning = "median total weight of the members' links to other members" }
output.density = { unit = "share of possible pairs", meaning = "linked pairs of members" }
output.stability = { unit = "0 to 1", meaning = "how much of the cluster stays at other thresholds, from linkage" }
output.n_tenants = { unit = "tenants", meaning = "distinct tenants of the members; accounts without tenant count one each" }
value = { unit = "share of the cluster's accounts", meaning = "members tied by at least two kinds of identity to members of other tenants" }
falsepositives = ["a school or course: one address, one e-mail domain, sign-ups within one lesson", "a company whose accounts carry no tenant in the log", "customers of one reseller who are billed to its card and come through its network"]
limitations = ["one card, one proxy and one sign-up time per account leave no ties; then only behaviour remains", "kinds that the export lacks are not missed but absent: with one kind only, this cannot fire", "members of one tenant do not tie each other, so a pool inside of one billing tenant is not seen here"]
references = ["Anthropic, Detecting and preventing distillation attacks, 23 February 2026: shared payment methods, address correlation, request metadata", "I. P. Fellegi, A. B. Sunter, A theory for record linkage, JASA 64 (1969)", "D. Pacheco et al., Uncovering coordinated networks on social media, ICWSM 2021"]
tags = ["atlas.AML.T0021", "atlas.AML.T0008.005"]
author = "distilforensics"
date = "2026-11-23"
modified = "2026-11-30"
version = 3
---*/
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
    where agreement.attribute in ('payment', 'api_key', 'email_domain', 'signup', 'ip', 'ip_prefix') and agreement.weight >= $min_weight
),
both_ways as (
    select account_a as account_id, account_b as other_id, kind from identity_ties
    union all
    select account_b, account_a, kind from identity_ties
),
-- All accounts of the log, whether in a cluster or not: the comparison.
tied_in_log as (
    select account_id, count(distinct kind) >= $min_kinds as is_tied
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
    qualify count(*) over (partition by group_id) >= $min_accounts
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
        count(k.kind) >= $min_kinds as is_tied,
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
    round(p.n_tied / nullif(p.n_accounts, 0), 6) >= $min_share as is_fired,
    round(p.n_tied / nullif(p.n_accounts, 0), 6) as value,
    round((l.n_tied - p.n_tied_in_log) / nullif(l.n_accounts - p.n_accounts, 0), 6) as baseline,
    $min_share::double as threshold,
    p.n_exchanges,
    p.n_accounts,
    (p.share_payment >= $min_kind_share)::bigint + (p.share_api_key >= $min_kind_share)::bigint
    + (p.share_email_domain >= $min_kind_share)::bigint + (p.share_signup >= $min_kind_share)::bigint
    + (p.share_network >= $min_kind_share)::bigint as n_kinds,
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
order by entity_id
