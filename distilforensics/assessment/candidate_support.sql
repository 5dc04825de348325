/*---
reads = ["template_exchanges", "account_attributes", "account_profiles"]
description = "What speaks for an account beside the exchanges that it sent: network, payment, key, sign-up and mail domain that are common among other accounts which sent many of the candidate's exchanges and rare among those which sent none"
[params]
---*/
-- Per family the heaviest value counts: log2(share of the accounts with many exchanges / share of the accounts with none), half an account added to the latter.
with carriers as (
    select t.candidate_id, e.account_id, count(distinct e.record_id) as n
    from candidate_templates as t
    join template_exchanges as e on e.template_id = t.template_id
    group by t.candidate_id, e.account_id
),
sizes as (
    select candidate_id, count(*) as n_carriers, count(*) filter (where n >= $min_member_exchanges) as n_many
    from carriers
    group by candidate_id
),
ties as (
    select account_id, value, attribute, case when attribute in ('ip', 'ip_prefix') then 'network' else attribute end as family
    from account_attributes
    where attribute in ('ip', 'ip_prefix', 'payment', 'api_key', 'signup', 'email_domain')
),
totals as (
    select attribute, value, count(*) as n_all from ties group by attribute, value
),
population as (
    select count(*) as n from account_profiles
),
among_carriers as (
    select c.candidate_id, t.attribute, t.value, count(*) as n_carriers, count(*) filter (where c.n >= $min_member_exchanges) as n_many
    from carriers as c
    join ties as t on t.account_id = c.account_id
    group by c.candidate_id, t.attribute, t.value
),
-- An account is not compared with itself.
per_family as (
    select
        c.candidate_id,
        c.account_id,
        t.family,
        max(floor(1000 * log2(
            ((a.n_many - (c.n >= $min_member_exchanges)::bigint) / nullif(s.n_many - (c.n >= $min_member_exchanges)::bigint, 0))
            / ((totals.n_all - a.n_carriers + 0.5) / (population.n - s.n_carriers + 1))))::bigint) as millibits
    from carriers as c
    join ties as t on t.account_id = c.account_id
    join sizes as s on s.candidate_id = c.candidate_id
    join among_carriers as a on a.candidate_id = c.candidate_id and a.attribute = t.attribute and a.value = t.value
    join totals on totals.attribute = t.attribute and totals.value = t.value
    cross join population
    where a.n_many > (c.n >= $min_member_exchanges)::bigint
    group by c.candidate_id, c.account_id, t.family
)
select candidate_id, account_id, coalesce(sum(millibits) filter (where millibits > 0), 0)::bigint as millibits
from per_family
group by candidate_id, account_id
order by candidate_id, account_id
