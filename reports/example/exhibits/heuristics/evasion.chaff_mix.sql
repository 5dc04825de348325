with large_groups as (
    select group_id
    from groups
    where kind not in ('prompt', 'cluster') and n_accounts >= $min_accounts and n_exchanges >= $min_rate * $min_days * $min_accounts
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
usual as (
    select median(ratio) as ratio from judged
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
cross join usual as u
order by entity_id
