/*---
id = "confounder.own_sessions"
title = "People who do the same amount of the same work"
question = "Does every account have sessions and hours of its own, as people have who take the same course, mark the same papers or follow the same news?"
priority = 8
reads = ["candidate_members", "candidate_features"]
params.slot_s = { default = 10800, unit = "seconds", why = "longer than a session of a person, short against a day" }
params.min_ratio = { default = 1.5, unit = "ratio to calls dealt out by lot", why = "dealing by lot gives 1, taking turns less; people reach 1.7 to 6. Where a scheduler keeps an account for a while, other heuristics see it, and rebut this" }
params.min_pairs = { default = 20, unit = "pairs of calls of one account in one slot, expected by lot", why = "with fewer the ratio is chance" }
references = ["courses, marking, crowd work and watch lists: equal loads and common days of people who do not know of each other"]
version = 1
---*/
with slots as (
    select candidate_id, account_id, epoch_us(started_at) // 1000000 // $slot_s as slot, count(*) as n
    from candidate_features
    where coalesce(status, 'ok') in ('ok', 'partial')
    group by 1, 2, 3
),
-- One account with very many calls would decide alone, since pairs grow with the square.
busiest as (
    select candidate_id, account_id
    from (select candidate_id, account_id, sum(n)::bigint as n from slots group by candidate_id, account_id)
    qualify row_number() over (partition by candidate_id order by n desc, account_id) = 1
),
kept as (
    select s.candidate_id, s.account_id, s.slot, s.n
    from slots as s
    anti join busiest as b on b.candidate_id = s.candidate_id and b.account_id = s.account_id
),
own as (
    select candidate_id, sum(n)::bigint as n, sum(n * (n - 1))::bigint as n_pairs, sum(n_same)::bigint as n_same
    from (select candidate_id, account_id, sum(n)::bigint as n, sum(n * (n - 1))::bigint as n_same from kept group by candidate_id, account_id)
    group by candidate_id
),
everybody as (
    select candidate_id, sum(n * (n - 1))::bigint as n_same
    from (select candidate_id, slot, sum(n)::bigint as n from kept group by candidate_id, slot)
    group by candidate_id
),
sizes as (
    select candidate_id, count(*) as n_exchanges from candidate_features group by candidate_id
),
members as (
    select candidate_id, count(*) as n_accounts from candidate_members group by candidate_id
),
measured as (
    select
        m.candidate_id,
        m.n_accounts,
        coalesce(z.n_exchanges, 0) as n_exchanges,
        e.n_same * o.n_pairs / nullif(o.n * (o.n - 1), 0) as n_expected,
        o.n_same
    from members as m
    left join sizes as z on z.candidate_id = m.candidate_id
    left join own as o on o.candidate_id = m.candidate_id
    left join everybody as e on e.candidate_id = m.candidate_id
),
judged as (
    select *, case when n_expected >= 2 * $min_pairs then round(n_same / n_expected, 6) end as ratio from measured
)
select
    candidate_id,
    case when ratio >= $min_ratio then 'partly' else 'rebutted' end as verdict,
    ratio as value,
    $min_ratio::double as baseline,
    n_exchanges,
    n_accounts,
    case
        when ratio >= $min_ratio
            then format('The group is consistent with people who do the same amount of the same work: calls of one account lie {:.1f} times as often in the same three hours as if they were dealt out by lot.', ratio)
        when ratio is not null
            then format('The accounts have no sessions of their own: calls of one account lie {:.1f} times as often in the same three hours as if they were dealt out by lot.', ratio)
        else 'Nothing indicates sessions of the accounts: there are too few calls per account to tell.'
    end as statement
from judged
order by candidate_id
