/*---
reads = ["template_exchanges", "account_attributes", "account_profiles"]
description = "What speaks, beside the number of exchanges, for the few that an account sent: network, payment, key, sign-up and mail domain that are common among accounts which sent many of the candidate's exchanges and rare among those which sent none"
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
weights as (
    select
        a.candidate_id,
        a.attribute,
        a.value,
        floor(1000 * log2(
            (a.n_many / s.n_many) / ((totals.n_all - a.n_carriers + 0.5) / (population.n - s.n_carriers + 1))))::bigint as millibits
    from among_carriers as a
    join sizes as s on s.candidate_id = a.candidate_id
    join totals on totals.attribute = a.attribute and totals.value = a.value
    cross join population
    where a.n_many > 0
),
per_family as (
    select c.candidate_id, c.account_id, t.family, max(w.millibits) as millibits
    from carriers as c
    join ties as t on t.account_id = c.account_id
    join weights as w on w.candidate_id = c.candidate_id and w.attribute = t.attribute and w.value = t.value
    where c.n < $min_member_exchanges and w.millibits > 0
    group by c.candidate_id, c.account_id, t.family
)
select candidate_id, account_id, sum(millibits)::bigint as millibits
from per_family
group by candidate_id, account_id
order by candidate_id, account_id
