/*---
title = "Sets of free accounts that ties connect, without accounts at their rim that one piece of work holds"
reads = ["free_accounts", "passing_ties"]
is_relation = true
---*/
with recursive free_ties as (
    select distinct f.candidate, t.account_id, t.other_account_id, t.work
    from passing_ties as t
    join free_accounts as f on f.account_id = t.account_id
    join free_accounts as o on o.account_id = t.other_account_id and o.candidate = f.candidate
),
-- Ties after each round in which those at the rim are taken away; a candidate for which nothing changes is done.
kept as (
    select 0 as round, candidate, account_id, other_account_id, work from free_ties
    union all
    select round + 1, candidate, account_id, other_account_id, work
    from (
        select *, sum(is_loose::int) over (partition by candidate) as n_loose
        from (
            select k.*, least(a.n, b.n) < 2 as is_loose
            from kept as k
            join (
                select candidate, account_id, count(*) as n
                from (select candidate, account_id from kept union all select candidate, other_account_id from kept)
                group by all
            ) as a on a.candidate = k.candidate and a.account_id = k.account_id
            join (
                select candidate, account_id, count(*) as n
                from (select candidate, account_id from kept union all select candidate, other_account_id from kept)
                group by all
            ) as b on b.candidate = k.candidate and b.account_id = k.other_account_id
        )
    )
    where n_loose > 0 and not is_loose
),
last_round as (
    select candidate, max(round) as round from kept group by candidate
),
counted as (
    select k.candidate, unnest([k.account_id, k.other_account_id]) as account_id
    from kept as k
    join last_round as l on l.candidate = k.candidate and l.round = k.round
),
-- The last round may leave nothing at all, which adds no row to say so.
inside as (
    select candidate, account_id from counted group by all having count(*) > 1
),
pairs as (
    select distinct k.candidate, k.account_id as a, k.other_account_id as b
    from kept as k
    join last_round as l on l.candidate = k.candidate and l.round = k.round
    join inside as x on x.candidate = k.candidate and x.account_id = k.account_id
    join inside as y on y.candidate = k.candidate and y.account_id = k.other_account_id
),
ways as (
    select candidate, a, b from pairs
    union
    select candidate, b, a from pairs
),
labels as (
    select 0 as round, candidate, a as account_id, a as label from ways group by all
    union all
    select round, candidate, account_id, label
    from (
        select
            l.round + 1 as round, l.candidate, l.account_id, least(l.label, min(o.label)) as label,
            bool_or(l.label > min(o.label)) over (partition by l.candidate) as is_changing
        from labels as l
        join ways as w on w.candidate = l.candidate and w.a = l.account_id
        join labels as o on o.candidate = l.candidate and o.account_id = w.b
        group by l.round, l.candidate, l.account_id, l.label
    )
    where is_changing
)
select
    candidate, account_id,
    'ties-' || (dense_rank() over (partition by candidate order by label) - 1) as name
from labels
qualify round = max(round) over (partition by candidate)
