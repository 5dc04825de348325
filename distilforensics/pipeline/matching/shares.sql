-- Per group and value of its members: how many members hold it, and how many accounts that are no members of this group.
with sizes as (
    select name, count(distinct account_id) as n_members, count(*) as n_calls from own_calls group by name
),
active as (
    select distinct name, account_id from own_calls
),
inside as (
    select m.name, h.kind, h.value, count(*) as n_inside, sum(h.n_calls) as n_calls
    from held_by_members as h
    join active as m using (account_id)
    group by m.name, h.kind, h.value
),
marks as (
    select i.name, i.kind, i.value, i.n_inside, s.n_members
    from inside as i
    join sizes as s using (name)
    where i.kind in ('prompt', 'reasoning', 'payment')
        or (i.n_inside >= greatest($min_accounts, $min_share * s.n_members) and i.n_calls >= $min_call_share * s.n_calls)
),
everywhere as (
    select h.kind, h.value, count(*) as n_all
    from held as h
    semi join marks as m on m.kind = h.kind and m.value = h.value
    group by h.kind, h.value
)
select m.name, m.kind, m.value, m.n_inside, m.n_members, e.n_all - m.n_inside as n_outside,
    (select count(*) from accounts) - m.n_members as n_others
from marks as m
join everywhere as e on e.kind = m.kind and e.value = m.value
order by m.name, m.kind, m.value
