/*---
id = "infrastructure.signup_burst"
code = "I2"
title = "The accounts of a group were made in bursts"
status = "experimental"
level = "medium"
description = "Counts pairs of accounts of a group that signed up within half an hour of each other, one sign-up per tenant. Compares them with what the sign-ups of all other accounts around the same times would give."
entity = "group"
sees = "$min_accounts accounts of which a share of $min_share has $min_neighbours group members among the sign-ups of the $window_min minutes around its own, $min_ratio times as often as the log's sign-up rate explains."
volume = "$min_accounts accounts with a known time of sign-up in the group and $min_others outside of it, those of one tenant counted once"
reads = ["account_profiles", "customers", "group_accounts"]
needs = ["account_id", "accounts_directory.created_at"]
params.min_accounts = "group_accounts"
params.min_others = { default = 100, unit = "accounts with a sign-up time outside of the group", why = "the comparison needs the sign-up rate of others" }
params.window_min = { default = 30, unit = "minutes before and after", why = "scripts make an account every few seconds to minutes; strangers of the same product are hours apart" }
params.min_ratio = { default = 5, unit = "ratio to the expectation", why = "the day's course of sign-ups alone makes a factor of 2 to 3" }
params.min_share = { default = 0.3, unit = "share of the group's accounts", why = "a few couples of friends in a large group are not a burst" }
params.min_neighbours = { default = 2, unit = "other accounts of the group within the window", why = "one neighbour is easily chance" }
output.share_in_bursts = { unit = "share of the group's accounts", meaning = "accounts with at least the minimal number of neighbours" }
output.n_pairs = { unit = "pairs of accounts", meaning = "pairs within the window" }
output.n_pairs_expected = { unit = "pairs of accounts", meaning = "expectation from the sign-ups of accounts outside of the group" }
output.largest_burst = { unit = "accounts", meaning = "most accounts of the group within the window around one of them, itself included" }
value = { unit = "ratio", meaning = "pairs of accounts that signed up within the window, divided by the expectation from the rest of the log" }
falsepositives = ["a class without a tenant in the log that signs up in its first lesson", "a hackathon, conference or workshop with sign-ups on the spot", "a company without a tenant in the log that makes accounts for all its staff"]
limitations = ["aged accounts bought from different makers, or sign-ups spread over weeks, show no bursts", "dates without a time of day are compared with others of the same day, which hides bursts within a day"]
references = ["Anthropic, Detecting and countering misuse of AI, September 2026: manufacture of identities", "B. D. Ripley, Modelling spatial patterns, Journal of the Royal Statistical Society B 39 (1977): pair counts within a distance"]
tags = ["atlas.AML.T0021"]
author = "distilforensics"
date = "2026-11-23"
modified = "2026-11-30"
version = 3
---*/
with signups as (
    select p.account_id, c.named_customer as tenant, p.created_at, p.n_exchanges
    from account_profiles as p
    join customers as c on c.account_id = p.account_id
    where p.created_at is not null
),
-- One sign-up per tenant, its first: a company or a school makes accounts in one go.
log_signups as (
    select tenant, min(created_at) as created_at
    from signups
    group by tenant
),
log_density as (
    select
        tenant,
        count(*) over (order by created_at range between to_minutes($window_min) preceding and to_minutes($window_min) following) as n_near,
        count(*) over (order by created_at range between interval 12 hours preceding and interval 12 hours following) as n_day
    from log_signups
),
log_totals as (
    select count(*) as n from log_signups
),
tenants_of_groups as (
    select g.group_id, s.tenant, l.created_at, sum(s.n_exchanges)::bigint as n_exchanges
    from group_accounts as g
    join signups as s on s.account_id = g.account_id
    join log_signups as l on l.tenant = s.tenant
    group by g.group_id, s.tenant, l.created_at
),
members as (
    select group_id, tenant, n_exchanges, created_at, count(*) over (partition by group_id) as n_tenants
    from tenants_of_groups
    qualify count(*) over (partition by group_id) >= $min_accounts
),
with_neighbours as (
    select
        group_id,
        tenant,
        n_exchanges,
        n_tenants,
        count(*) over near as n_near,
        count(*) over day as n_day
    from members
    window
        near as (partition by group_id order by created_at range between to_minutes($window_min) preceding and to_minutes($window_min) following),
        day as (partition by group_id order by created_at range between interval 12 hours preceding and interval 12 hours following)
),
-- Neighbours that a tenant would have if the others of the group had signed up like the accounts outside of it: the larger of their
-- density within the window and over the day around it; one is added so that a quiet day is no division by zero.
with_expectation as (
    select
        m.group_id,
        m.tenant,
        m.n_exchanges,
        m.n_tenants,
        m.n_near,
        (m.n_tenants - 1)
            * greatest(d.n_near - m.n_near, (d.n_day - m.n_day + 1) * 2 * $window_min / 1440)
            / nullif(t.n - m.n_tenants, 0) as n_expected
    from with_neighbours as m
    join log_density as d on d.tenant = m.tenant
    cross join log_totals as t
    where t.n - m.n_tenants >= $min_others
),
judged as (
    select
        group_id,
        min(n_tenants) as n_tenants,
        sum(n_exchanges)::bigint as n_exchanges,
        sum(n_near - 1)::bigint / 2 as n_pairs,
        sum(n_expected order by tenant) / 2 as n_pairs_expected,
        count(*) filter (where n_near - 1 >= $min_neighbours) / nullif(count(*), 0) as share_in_bursts,
        max(n_near) as largest_burst
    from with_expectation
    group by group_id
)
select
    group_id as entity_id,
    round(n_pairs / nullif(n_pairs_expected, 0), 6) >= $min_ratio and round(share_in_bursts, 6) >= $min_share as is_fired,
    round(n_pairs / nullif(n_pairs_expected, 0), 6) as value,
    1.0::double as baseline,
    $min_ratio::double as threshold,
    n_exchanges,
    n_tenants as n_accounts,
    round(share_in_bursts, 6) as share_in_bursts,
    ceil(n_pairs)::bigint as n_pairs,
    round(n_pairs_expected, 6) as n_pairs_expected,
    largest_burst
from judged
order by entity_id
