/*---
title = "How often a group asks for something by the lexicon, and how often all accounts outside of it do; one row per group and wish"
reads = ["all_group_accounts", "exchange_features", "group_exchanges"]
---*/
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
join log_marks as l on l.wish = i.wish
