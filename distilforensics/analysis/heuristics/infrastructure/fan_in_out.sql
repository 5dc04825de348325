/*---
id = "infrastructure.fan_in_out"
code = "I5"
title = "Accounts of a group share addresses that few others use, or change networks far more than others"
status = "experimental"
level = "low"
description = "An account is marked if it uses an address on which at least five tenants meet and most accounts belong to the group (fan-in: one exit, many accounts), or if it comes from many more networks than accounts of this log usually do (fan-out: one account, many exits)."
entity = "group"
sees = "$min_accounts accounts of which a share of $min_share meets at exits with $min_tenants_per_address tenants, or comes from $min_networks networks each where the median account of the log has one."
volume = "$min_accounts accounts with a client address in the group"
reads = ["account_attributes", "account_profiles", "customers", "group_accounts"]
needs = ["account_id", "client_ip"]
params.min_accounts = "group_accounts"
params.min_tenants_per_address = { default = 5, unit = "tenants of the group on one address", why = "a household or an office has fewer; accounts without a tenant count one each" }
params.min_group_share = "half"
params.min_networks = { default = 6, unit = "networks (/24 or /48) per account", why = "home, work, mobile and a journey make four" }
params.networks_over_median = { default = 4, unit = "times the median account of the log", why = "in logs of mobile users everybody changes networks" }
params.min_share = "half"
params.min_excess = "excess"
output.share_fan_in = { unit = "share of the group's accounts", meaning = "accounts on a shared address that mostly the group uses" }
output.share_fan_out = { unit = "share of the group's accounts", meaning = "accounts with many networks" }
output.n_shared_addresses = { unit = "addresses", meaning = "addresses that tie the group by fan-in" }
output.most_accounts_per_address = { unit = "accounts", meaning = "accounts of the group on the most shared of these addresses" }
output.median_networks = { unit = "networks", meaning = "median over the group's accounts" }
value = { unit = "share of the group's accounts", meaning = "accounts marked by fan-in or fan-out" }
falsepositives = ["a class or a company without a tenant in the log behind one address", "customers of one cloud gateway or relay whose address is logged instead of theirs", "a group of travellers or of users of one privacy service"]
limitations = ["one exit per account, or exits shared with a crowd of strangers, are not seen", "needs client addresses as they reached the service, not those of a proxy in front of it"]
references = ["NSA, CISA, FBI, joint advisory AA26-251A, 8 September 2026: shared accounts used from many addresses", "G. Stringhini et al., EvilCohort: detecting communities of malicious accounts on online services, USENIX Security 2015"]
tags = ["atlas.AML.T0008.005", "attack.T1090.002"]
author = "distilforensics"
date = "2026-11-23"
modified = "2026-11-30"
version = 2
---*/
with with_address as (
    select p.account_id, c.named_customer as tenant, p.n_exchanges, p.n_ip_prefixes
    from account_profiles as p
    join customers as c on c.account_id = p.account_id
    where p.n_ips > 0
),
usual as (
    select median(n_ip_prefixes) as n_networks from with_address
),
uses as (
    select a.value as address, a.account_id, w.tenant
    from account_attributes as a
    join with_address as w on w.account_id = a.account_id
    where a.attribute = 'ip'
),
shared_addresses as (
    select address, count(*) as n_accounts
    from uses
    group by address
    having count(distinct tenant) >= $min_tenants_per_address
),
shared_uses as (
    select u.address, u.account_id, u.tenant, s.n_accounts
    from uses as u
    join shared_addresses as s on s.address = u.address
),
marked_in_log as (
    select
        w.account_id,
        s.account_id is not null or w.n_ip_prefixes >= greatest($min_networks, $networks_over_median * usual.n_networks) as is_marked
    from with_address as w
    cross join usual
    left join (select distinct account_id from shared_uses) as s on s.account_id = w.account_id
),
log_totals as (
    select count(*) as n, count(*) filter (where is_marked) as n_marked from marked_in_log
),
members as (
    select g.group_id, g.account_id
    from group_accounts as g
    semi join with_address as w on w.account_id = g.account_id
    qualify count(*) over (partition by g.group_id) >= $min_accounts
),
group_addresses as (
    select m.group_id, s.address, count(*) as n_accounts
    from members as m
    join shared_uses as s on s.account_id = m.account_id
    group by m.group_id, s.address
    having count(distinct s.tenant) >= $min_tenants_per_address and count(*) >= $min_group_share * min(s.n_accounts)
),
address_totals as (
    select group_id, count(*) as n_addresses, max(n_accounts) as most_accounts
    from group_addresses
    group by group_id
),
fan_in as (
    select distinct g.group_id, m.account_id
    from group_addresses as g
    join uses as u on u.address = g.address
    join members as m on m.group_id = g.group_id and m.account_id = u.account_id
),
per_group as (
    select
        m.group_id,
        count(*) as n_accounts,
        sum(w.n_exchanges)::bigint as n_exchanges,
        median(w.n_ip_prefixes) as median_networks,
        count(f.account_id) as n_fan_in,
        count(*) filter (where w.n_ip_prefixes >= greatest($min_networks, $networks_over_median * usual.n_networks)) as n_fan_out,
        count(*) filter (
            where f.account_id is not null or w.n_ip_prefixes >= greatest($min_networks, $networks_over_median * usual.n_networks)) as n_marked,
        count(*) filter (where l.is_marked) as n_marked_in_log
    from members as m
    join with_address as w on w.account_id = m.account_id
    join marked_in_log as l on l.account_id = m.account_id
    cross join usual
    left join fan_in as f on f.group_id = m.group_id and f.account_id = m.account_id
    group by m.group_id
),
judged as (
    select
        p.group_id,
        p.n_accounts,
        p.n_exchanges,
        p.median_networks,
        p.n_fan_in,
        p.n_fan_out,
        p.n_marked / nullif(p.n_accounts, 0) as share,
        (t.n_marked - p.n_marked_in_log) / nullif(t.n - p.n_accounts, 0) as share_of_others
    from per_group as p
    cross join log_totals as t
)
select
    j.group_id as entity_id,
    round(j.share, 6) >= round(greatest($min_share, coalesce(j.share_of_others, 0) + $min_excess), 6) as is_fired,
    round(j.share, 6) as value,
    round(j.share_of_others, 6) as baseline,
    round(greatest($min_share, coalesce(j.share_of_others, 0) + $min_excess), 6) as threshold,
    j.n_exchanges,
    j.n_accounts,
    round(j.n_fan_in / nullif(j.n_accounts, 0), 6) as share_fan_in,
    round(j.n_fan_out / nullif(j.n_accounts, 0), 6) as share_fan_out,
    coalesce(a.n_addresses, 0) as n_shared_addresses,
    coalesce(a.most_accounts, 0) as most_accounts_per_address,
    j.median_networks
from judged as j
left join address_totals as a on a.group_id = j.group_id
order by entity_id
