-- Accounts that were refused in many ways turn to one template that is not refused, in volume
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
create or replace temp view all_group_accounts as select * from accounts_of_groups;
create or replace temp view exchange_features as from read_parquet(['data/exchange_features.parquet']);
create or replace temp view group_accounts as select * from accounts_of_groups;
create or replace temp view carried_exchanges as
select mark_template as group_id, * from exchange_features where mark_template is not null
union all
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
select system_template as group_id, * from exchange_features where system_template is not null
union all
select varied_template as group_id, * from exchange_features where varied_template is not null;
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
create or replace temp table groups as
select
    group_id,
    split_part(group_id, ':', 1) as kind,
    sum(n_exchanges)::bigint as n_exchanges,
    count(*) as n_accounts
from group_accounts
group by group_id;
with large_groups as (
    select group_id, n_accounts
    from groups
    where kind in ('system', 'prefix', 'suffix') and n_accounts >= 20 and n_exchanges >= 500
),
group_days as (
    select e.group_id, e.started_at::date as day, count(*) as n, count(*) filter (where e.is_refused) as n_refused
    from group_exchanges as e
    semi join large_groups as g on g.group_id = e.group_id
    where e.is_refused is not null
    group by e.group_id, e.started_at::date
),
peaks as (
    select group_id, max(n) as n from group_days group by group_id
),
log_begin as (
    select min(started_at)::date as day from exchange_features
),
scaled as (
    select d.group_id, min(d.day) as day
    from group_days as d
    join peaks as p on p.group_id = d.group_id
    where 2 * d.n >= p.n
    group by d.group_id
),
phases as (
    select
        s.group_id,
        s.day as scaled_on,
        coalesce(sum(d.n) filter (where d.day >= s.day), 0)::bigint as n_after,
        coalesce(sum(d.n_refused) filter (where d.day >= s.day), 0)::bigint as n_refused_after,
        coalesce(sum(d.n) filter (where d.day < s.day and d.day >= s.day - 14::integer), 0)::bigint as n_before,
        coalesce(sum(d.n_refused) filter (where d.day < s.day and d.day >= s.day - 14::integer), 0)::bigint as n_refused_before
    from scaled as s
    cross join log_begin as l
    join group_days as d on d.group_id = s.group_id
    where s.day > l.day
    group by s.group_id, s.day
),
account_days_answered as (
    select account_id, started_at::date as day, count(*) as n, count(*) filter (where is_refused) as n_refused
    from exchange_features
    where is_refused is not null
    group by account_id, started_at::date
),
-- A refused prompt counts once in the log, on the account and day on which it was refused first, so that counts add up.
first_refusals as (
    select account_id, started_at::date as day
    from exchange_features
    where is_refused and prompt_hash is not null
    qualify row_number() over (partition by prompt_hash order by started_at, record_id) = 1
),
new_refusals as (
    select account_id, day, count(*) as n from first_refusals group by account_id, day
),
before as (
    select
        p.group_id,
        sum(d.n)::bigint as n,
        sum(d.n_refused)::bigint as n_refused,
        coalesce(sum(r.n), 0)::bigint as n_prompts,
        count(distinct d.account_id) filter (where d.n_refused > 0) as n_accounts
    from phases as p
    join group_accounts as a on a.group_id = p.group_id
    join account_days_answered as d on d.account_id = a.account_id and d.day < p.scaled_on and d.day >= p.scaled_on - 14::integer
    left join new_refusals as r on r.account_id = d.account_id and r.day = d.day
    group by p.group_id
),
account_totals as (
    select account_id, sum(n)::bigint as n, sum(n_refused)::bigint as n_refused from account_days_answered group by account_id
),
log_totals as (
    select sum(n)::bigint as n, sum(n_refused)::bigint as n_refused from account_totals
),
members as (
    select a.group_id, sum(t.n)::bigint as n, sum(t.n_refused)::bigint as n_refused
    from all_group_accounts as a
    semi join phases as p on p.group_id = a.group_id
    join account_totals as t on t.account_id = a.account_id
    group by a.group_id
),
judged as (
    select
        p.group_id,
        p.scaled_on,
        p.n_after,
        b.n - p.n_before as n_before,
        b.n_prompts,
        b.n_accounts as n_probing_accounts,
        (b.n_refused - p.n_refused_before) / nullif(b.n - p.n_before, 0) as rate,
        coalesce((l.n_refused - m.n_refused) / nullif(l.n - m.n, 0), 0) as rest_rate,
        p.n_after / greatest(p.n_before, 1) as growth,
        p.n_refused_after / nullif(p.n_after, 0) as rate_after
    from phases as p
    join before as b on b.group_id = p.group_id
    join members as m on m.group_id = p.group_id
    cross join log_totals as l
    where p.n_after >= 500 and b.n - p.n_before >= 100
)
select
    j.group_id as entity_id,
    round(j.rate, 6) >= round(greatest(0.1, 5 * j.rest_rate), 6)
    and j.n_prompts >= 50
    and j.n_probing_accounts >= 5
    and j.growth >= 20
    and round(j.rate_after, 6) <= round(0.25 * j.rate, 6) as is_fired,
    round(j.rate, 6) as value,
    round(j.rest_rate, 6) as baseline,
    round(greatest(0.1, 5 * j.rest_rate), 6)::double as threshold,
    j.n_after as n_exchanges,
    g.n_accounts,
    j.scaled_on,
    j.n_before,
    j.n_prompts as n_refused_before,
    j.n_probing_accounts,
    round(j.growth, 3) as growth,
    round(j.rate_after, 6) as share_refused_after
from judged as j
join large_groups as g on g.group_id = j.group_id
order by entity_id;
