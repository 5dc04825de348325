-- Accounts carry equal loads of one template inside of unequal other traffic
create or replace temp view account_days as from read_parquet(['data/account_days.parquet']);
create or replace temp view account_attributes as from read_parquet(['data/account_attributes.parquet']);
create or replace temp view account_profiles as from read_parquet(['data/account_profiles.parquet']);
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
create or replace temp view exchange_features as from read_parquet(['data/exchange_features.parquet']);
create or replace temp view carried_exchanges as
select near_template as group_id, * from exchange_features where near_template is not null
union all
select pace_template as group_id, * from exchange_features where pace_template is not null
union all
select parameter_template as group_id, * from exchange_features where parameter_template is not null
union all
select passage_template as group_id, * from exchange_features where passage_template is not null
union all
select prefix_template as group_id, * from exchange_features where prefix_template is not null
union all
select suffix_template as group_id, * from exchange_features where suffix_template is not null
union all
select system_template as group_id, * from exchange_features where system_template is not null;
create or replace temp view stored_group_exchanges as
select carried.*
from carried_exchanges as carried
semi join accounts_of_groups as a on a.group_id = carried.group_id
union all
select a.group_id, e.*
from exchange_features as e
join accounts_of_groups as a on a.account_id = e.account_id
where starts_with(a.group_id, 'cluster:');
create or replace temp view group_exchanges as select * from stored_group_exchanges;
create or replace temp view group_accounts as select * from accounts_of_groups;
create or replace temp table groups as
select
    group_id,
    split_part(group_id, ':', 1) as kind,
    sum(n_exchanges)::bigint as n_exchanges,
    count(*) as n_accounts
from group_accounts
group by group_id;
with large_groups as (
    select group_id
    from groups
    where kind <> 'cluster' and n_accounts >= 20 and n_exchanges >= 2 * 3 * 20
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
    having count(*) >= 3
),
used_groups as (
    select group_id
    from template_accounts
    group by group_id
    having count(*) >= 20 and sum(n) >= 2 * sum(n_days)
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
    where template_share <= 1 - 0.1 and spread_of_rest > 0 and drift is not null
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
    round(j.ratio, 6) <= 0.5 and round(j.spread_of_template, 6) <= 0.25 and round(j.drift, 6) <= 0.1 as is_fired,
    round(j.ratio, 6) as value,
    round(u.ratio, 6) as baseline,
    0.5::double as threshold,
    j.n_exchanges,
    j.n_accounts,
    round(j.spread_of_template, 6) as spread_of_template,
    round(j.spread_of_rest, 6) as spread_of_rest,
    round(j.template_share, 6) as template_share,
    round(j.drift, 6) as drift
from judged as j
left join usual as u on u.group_id = j.group_id
order by entity_id;
