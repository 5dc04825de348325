-- A group uses the model as a grader far more often than the rest of the log
create or replace temp view account_attributes as from read_parquet(['data/account_attributes.parquet']);
create or replace temp view account_profiles as from read_parquet(['data/account_profiles.parquet']);
create or replace temp view cluster_members as from read_parquet(['data/cluster_members.parquet']);
create or replace temp view templates as from read_parquet(['data/templates.parquet']);
create or replace temp table accounts_of_groups as
with members as (
    select a.value as group_id, a.account_id, a.n_exchanges
    from account_attributes as a
    semi join templates as t on t.template_id = a.value and t.kind = a.attribute and t.n_accounts >= 10
    union all
    select m.cluster_id, m.account_id, p.n_exchanges
    from cluster_members as m
    join account_profiles as p on p.account_id = m.account_id
    qualify count(*) over (partition by m.cluster_id) >= 10
)
select
    group_id,
    account_id,
    n_exchanges,
    (row_number() over (partition by group_id order by md5(account_id), account_id) - 1) * 10 // count(*) over (partition by group_id) as tenth
from members
order by group_id, account_id;
create or replace temp view all_group_accounts as select * from accounts_of_groups;
create or replace temp view exchange_features as from read_parquet(['data/exchange_features.parquet']);
create or replace temp view carried_exchanges as
select system_template as group_id, * from exchange_features where system_template is not null
union all
select prefix_template as group_id, * from exchange_features where prefix_template is not null
union all
select suffix_template as group_id, * from exchange_features where suffix_template is not null
union all
select near_template as group_id, * from exchange_features where near_template is not null
union all
select passage_template as group_id, * from exchange_features where passage_template is not null
union all
select case when coalesce(prompt_chars, 16) >= 16 then 'prompt:' || prompt_hash end as group_id, * from exchange_features where case when coalesce(prompt_chars, 16) >= 16 then 'prompt:' || prompt_hash end is not null
union all
select parameter_template as group_id, * from exchange_features where parameter_template is not null
union all
select program_template as group_id, * from exchange_features where program_template is not null
union all
select pace_template as group_id, * from exchange_features where pace_template is not null
union all
select varied_template as group_id, * from exchange_features where varied_template is not null
union all
select mark_template as group_id, * from exchange_features where mark_template is not null;
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
with account_marks as (
    select account_id, count(*) as n, count(*) filter (where list_contains(lexicon_marks, 'grader_rubric')) as n_marked
    from exchange_features
    where lexicon_marks is not null
    group by account_id
),
log_marks as (
    select coalesce(sum(n), 0)::bigint as n, coalesce(sum(n_marked), 0)::bigint as n_marked from account_marks
),
large_groups as (
    select group_id, n_accounts
    from groups
    where kind <> 'mark' and n_accounts >= 20 and n_exchanges >= 100
),
members as (
    select a.group_id, sum(m.n)::bigint as n, sum(m.n_marked)::bigint as n_marked
    from all_group_accounts as a
    semi join large_groups as g on g.group_id = a.group_id
    join account_marks as m on m.account_id = a.account_id
    group by a.group_id
),
inside as (
    select
        e.group_id,
        count(*) as n,
        count(*) filter (where list_contains(e.lexicon_marks, 'grader_rubric')) as n_marked,
        count(distinct e.account_id) filter (where list_contains(e.lexicon_marks, 'grader_rubric')) as n_marked_accounts,
        count(*) filter (where list_contains(e.lexicon_marks, 'grader_rubric') and e.output_tokens <= 50)
        / nullif(count(*) filter (where list_contains(e.lexicon_marks, 'grader_rubric') and e.output_tokens is not null), 0) as short_answer_share
    from group_exchanges as e
    semi join large_groups as g on g.group_id = e.group_id
    where e.lexicon_marks is not null
    group by e.group_id
    having count(*) >= 100
),
compared as (
    select
        i.*,
        g.n_accounts,
        l.n - m.n as n_rest,
        i.n_marked / nullif(i.n, 0) as rate,
        (l.n_marked - m.n_marked) / nullif(l.n - m.n, 0) as rest_rate
    from inside as i
    join large_groups as g on g.group_id = i.group_id
    join members as m on m.group_id = i.group_id
    cross join log_marks as l
    where l.n - m.n >= 200
),
bounded as (
    select
        *,
        round((rate + 2.576 * 2.576 / nullif(2 * n, 0) - 2.576 * sqrt(rate * (1 - rate) / nullif(n, 0) + 2.576 * 2.576 / nullif(4 * n * n, 0)))
            / nullif(1 + 2.576 * 2.576 / nullif(n, 0), 0), 6) as lower_bound,
        round((rest_rate + 2.576 * 2.576 / nullif(2 * n_rest, 0)
            + 2.576 * sqrt(rest_rate * (1 - rest_rate) / nullif(n_rest, 0) + 2.576 * 2.576 / nullif(4 * n_rest * n_rest, 0)))
            / nullif(1 + 2.576 * 2.576 / nullif(n_rest, 0), 0), 6) as rest_upper_bound
    from compared
)
select
    group_id as entity_id,
    lower_bound >= greatest(0.2, 5 * rest_upper_bound) and n_marked_accounts >= 10 as is_fired,
    rate as value,
    rest_rate as baseline,
    greatest(0.2, 5 * rest_upper_bound)::double as threshold,
    n as n_exchanges,
    n_accounts,
    n_marked,
    n_marked_accounts,
    lower_bound,
    rest_upper_bound,
    n_rest,
    short_answer_share
from bounded
order by entity_id;
