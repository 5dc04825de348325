/*---
id = "evasion.chaff_mix"
code = "E4"
title = "Accounts carry equal loads of one template inside of unequal other traffic"
status = "experimental"
level = "lead"
description = "Splits the traffic of the accounts of a template into the template and the rest, and compares how much the accounts differ in both. A scheduler that hides its jobs among unrelated requests gives every account about the same number of jobs, while the rest differs from account to account. It tells how a pool mixes; a course beside private use looks the same, so it bears no grade. That the jobs alone are equally loaded is what coordination.equal_load counts."
entity = "group"
sees = "$min_accounts accounts with $min_rate exchanges of the template per active day, whose rates differ by at most $max_spread (coefficient of variation, chance taken off) and by at most the share $max_ratio of the spread of their other traffic, at a mixture that changes by at most $max_drift from one half of the time to the other."
volume = "a template on $min_accounts accounts that are active with it on $min_days days each, at a rate of $min_rate per active day, and that have as much other traffic as the share $min_chaff_share"
reads = ["account_days", "group_exchanges", "groups"]
needs = ["account_id", "started_at"]
params.min_accounts = "group_accounts"
params.min_days = "days"
params.min_rate = "repeats"
params.min_chaff_share = "few"
params.max_spread = "rate_spread"
params.max_ratio = "half"
params.max_drift = "few"
output.spread_of_template = { unit = "coefficient of variation", meaning = "spread of the accounts' daily rates of the template, chance taken off" }
output.spread_of_rest = { unit = "coefficient of variation", meaning = "likewise of their other traffic" }
output.template_share = { unit = "share of exchanges", meaning = "the template's part of all exchanges of these accounts" }
output.drift = { unit = "share of exchanges", meaning = "median over accounts of the change of that part between the halves of the group's time" }
value = { unit = "ratio", meaning = "spread of the template's rates / spread of the other traffic; baseline: median over the other judged groups; low values fire" }
falsepositives = ["a course with fixed exercises beside the private use of its students", "a tool that calls by itself a fixed number of times per day, beside the work of its users"]
limitations = ["chaff that carries the same template is not seen as chaff", "unequal weights per account hide it", "says nothing that equal loads of the template do not say already, except how they are hidden"]
references = ["Anthropic, Detecting and preventing distillation attacks, 23 February 2026: distillation traffic mixed with unrelated customer requests"]
tags = ["atlas.AML.T0024.002", "atlas.AML.T0008.005"]
author = "distilforensics"
date = "2026-11-25"
modified = "2026-11-30"
version = 4
---*/
with large_groups as (
    select group_id
    from groups
    where kind <> 'cluster' and n_accounts >= $min_accounts and n_exchanges >= $min_rate * $min_days * $min_accounts
),
template_days as (
    select e.group_id, e.account_id, e.started_at::date as day, count(*) as n
    from group_exchanges as e
    semi join large_groups as g on g.group_id = e.group_id
    group by e.group_id, e.account_id, e.started_at::date
),
template_accounts as (
    select group_id, account_id, sum(n)::bigint as n, count(*) as n_days
    from template_days
    group by group_id, account_id
    having count(*) >= $min_days
),
used_groups as (
    select group_id
    from template_accounts
    group by group_id
    having count(*) >= $min_accounts and sum(n) >= $min_rate * sum(n_days)
),
spans as (
    select d.group_id, (epoch_us(min(d.day)::timestamp) + epoch_us(max(d.day)::timestamp)) // 2 as middle
    from template_days as d
    semi join used_groups as g on g.group_id = d.group_id
    group by d.group_id
),
mixtures as (
    select
        a.group_id,
        a.account_id,
        min(a.n) as n_template,
        min(a.n_days) as n_template_days,
        sum(t.n_exchanges)::bigint - min(a.n) as n_rest,
        count(*) as n_days,
        sum(coalesce(d.n, 0)) filter (where epoch_us(t.day::timestamp) <= s.middle)
            / nullif(sum(t.n_exchanges) filter (where epoch_us(t.day::timestamp) <= s.middle), 0) as early_share,
        sum(coalesce(d.n, 0)) filter (where epoch_us(t.day::timestamp) > s.middle)
            / nullif(sum(t.n_exchanges) filter (where epoch_us(t.day::timestamp) > s.middle), 0) as late_share
    from template_accounts as a
    join spans as s on s.group_id = a.group_id
    join account_days as t on t.account_id = a.account_id
    left join template_days as d on d.group_id = a.group_id and d.account_id = a.account_id and d.day = t.day
    group by a.group_id, a.account_id
),
rates as (
    select
        *,
        n_template / nullif(n_template_days, 0) as template_rate,
        n_template / nullif(n_template_days * n_template_days, 0) as template_noise,
        n_rest / nullif(n_days, 0) as rest_rate,
        n_rest / nullif(n_days * n_days, 0) as rest_noise
    from mixtures
),
-- The variance of counted rates holds their Poisson noise, count / days^2 on average, which is taken off.
per_group as (
    select
        group_id,
        count(*) as n_accounts,
        sum(n_template)::bigint as n_exchanges,
        sum(n_template) / nullif(sum(n_template + n_rest), 0) as template_share,
        median(abs(early_share - late_share)) as drift,
        sqrt(greatest(0, var_pop(template_rate order by account_id) - avg(template_noise order by account_id)))
            / nullif(avg(template_rate order by account_id), 0) as spread_of_template,
        sqrt(greatest(0, var_pop(rest_rate order by account_id) - avg(rest_noise order by account_id)))
            / nullif(avg(rest_rate order by account_id), 0) as spread_of_rest
    from rates
    group by group_id
),
judged as (
    select *, spread_of_template / nullif(spread_of_rest, 0) as ratio
    from per_group
    where template_share <= 1 - $min_chaff_share and spread_of_rest > 0 and drift is not null
),
-- The other groups: a median that holds the group itself would compare it with itself.
usual as (
    select j.group_id, median(o.ratio) as ratio
    from judged as j
    join judged as o on o.group_id <> j.group_id
    group by j.group_id
)
select
    j.group_id as entity_id,
    round(j.ratio, 6) <= $max_ratio and round(j.spread_of_template, 6) <= $max_spread and round(j.drift, 6) <= $max_drift as is_fired,
    round(j.ratio, 6) as value,
    round(u.ratio, 6) as baseline,
    $max_ratio::double as threshold,
    j.n_exchanges,
    j.n_accounts,
    round(j.spread_of_template, 6) as spread_of_template,
    round(j.spread_of_rest, 6) as spread_of_rest,
    round(j.template_share, 6) as template_share,
    round(j.drift, 6) as drift
from judged as j
left join usual as u on u.group_id = j.group_id
order by entity_id
