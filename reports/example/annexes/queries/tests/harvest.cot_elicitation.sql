-- A group asks for the model's reasoning far more often than the rest of the log
create or replace temp macro wilson_low(share, n, z) as
    (share + z * z / nullif(2 * n, 0) - z * sqrt(share * (1 - share) / nullif(n, 0) + z * z / nullif(4 * n * n, 0))) / nullif(1 + z * z / nullif(n, 0), 0);
create or replace temp macro wilson_high(share, n, z) as
    (share + z * z / nullif(2 * n, 0) + z * sqrt(share * (1 - share) / nullif(n, 0) + z * z / nullif(4 * n * n, 0))) / nullif(1 + z * z / nullif(n, 0), 0);
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
create or replace temp table group_marks as
with wishes(wish, marks) as (
    values
        ('reasoning', ['cot_elicitation', 'encoded_block', 'replayed_reasoning']),
        ('grading', ['grader_rubric'])
),
account_marks as (
    select w.wish, e.account_id, count(*) as n, count(*) filter (where list_has_any(e.lexicon_marks, w.marks)) as n_marked
    from exchange_features as e
    cross join wishes as w
    where e.lexicon_marks is not null
    group by w.wish, e.account_id
),
log_marks as (
    select wish, sum(n)::bigint as n, sum(n_marked)::bigint as n_marked from account_marks group by wish
),
members as (
    select a.group_id, m.wish, sum(m.n)::bigint as n, sum(m.n_marked)::bigint as n_marked
    from all_group_accounts as a
    join account_marks as m on m.account_id = a.account_id
    group by a.group_id, m.wish
),
inside as (
    select
        e.group_id,
        w.wish,
        count(*) as n,
        count(*) filter (where list_has_any(e.lexicon_marks, w.marks)) as n_marked,
        count(distinct e.account_id) filter (where list_has_any(e.lexicon_marks, w.marks)) as n_marked_accounts
    from group_exchanges as e
    cross join wishes as w
    where e.lexicon_marks is not null
    group by e.group_id, w.wish
)
select
    i.group_id,
    i.wish,
    i.n,
    i.n_marked,
    i.n_marked_accounts,
    i.n_marked / nullif(i.n, 0) as rate,
    l.n - m.n as n_rest,
    (l.n_marked - m.n_marked) / nullif(l.n - m.n, 0) as rest_rate
from inside as i
join members as m on m.group_id = i.group_id and m.wish = i.wish
join log_marks as l on l.wish = i.wish;
create or replace temp view group_accounts as select * from accounts_of_groups;
create or replace temp table groups as
select
    group_id,
    split_part(group_id, ':', 1) as kind,
    sum(n_exchanges)::bigint as n_exchanges,
    count(*) as n_accounts
from group_accounts
group by group_id;
with compared as (
    select m.*, g.n_accounts
    from group_marks as m
    join groups as g on g.group_id = m.group_id
    where m.wish = 'reasoning'
        and g.n_accounts >= 20
        and g.n_exchanges >= 100
        and m.n >= 100
        and m.n_rest >= 200
),
bounded as (
    select *, round(wilson_low(rate, n, 2.576), 6) as lower_bound, round(wilson_high(rest_rate, n_rest, 2.576), 6) as rest_upper_bound
    from compared
)
select
    group_id as entity_id,
    lower_bound >= greatest(0.05, 5 * rest_upper_bound) and n_marked_accounts >= 10 as is_fired,
    rate as value,
    rest_rate as baseline,
    greatest(0.05, 5 * rest_upper_bound)::double as threshold,
    n as n_exchanges,
    n_accounts,
    n_marked,
    n_marked_accounts,
    lower_bound,
    rest_upper_bound,
    n_rest
from bounded
order by entity_id;
