/*---
title = "Sets of accounts that competed when each of the first ten reported candidates was found: those that ties connect, and of each group the accounts that use it as the tied ones do"
reads = ["free_accounts", "group_loads", "passing_ties", "tied_sets"]
is_relation = true
---*/
with present as (
    select
        f.candidate, g.group_id, g.account_id, g.n_exchanges::double as n, g.n_exchanges::double / f.n_exchanges as share,
        split_part(g.group_id, ':', 1) as kind
    from group_loads as g
    join free_accounts as f on f.account_id = g.account_id
),
tied as (
    select a.candidate, a.group_id, unnest([a.account_id, b.account_id]) as account_id
    from (select distinct account_id, other_account_id from passing_ties) as t
    join present as a on a.account_id = t.account_id
    join present as b on b.account_id = t.other_account_id and b.candidate = a.candidate and b.group_id = a.group_id
),
models as (
    select p.candidate, p.group_id, median(p.n) as n, median(p.share) as share
    from (select distinct * from tied) as t
    join present as p on p.candidate = t.candidate and p.group_id = t.group_id and p.account_id = t.account_id
    group by all
    having count(*) >= $min_accounts
),
members as (
    select p.candidate, p.group_id as name, p.group_id, p.account_id
    from present as p
    join models as m on m.candidate = p.candidate and m.group_id = p.group_id
    where p.kind = 'cluster' or (
        p.n >= greatest(least($min_fact_calls, m.n), case p.kind when 'near' then $min_reworded_load else $min_fact_share end * m.n)
        and p.share >= $half * m.share
    )
    union all
    select candidate, name, null, account_id from tied_sets
)
select candidate, name, group_id, account_id
from members
qualify count(*) over (partition by candidate, name) >= $min_accounts
