/*---
title = "Why each account is in its campaign: ties to other members, members with two kinds of identity in common, requests of the common kind, texts that are the campaign's own"
reads = ["accounts", "campaigns", "candidate_steps", "group_loads", "work_ties", "shared_values", "template_exchanges"]
is_relation = true
---*/
with members as (
    select account_id, campaign_id from accounts where campaign_id is not null
),
ties as (
    select m.campaign_id, m.account_id, o.account_id as other, t.work
    from (
        from work_ties select account_id, other_account_id, work, relation
        union all
        from work_ties select other_account_id, account_id, work, relation
    ) as t
    join members as m on m.account_id = t.account_id
    join members as o on o.account_id = t.other_account_id and o.campaign_id = m.campaign_id
    where t.relation <> 'same'
),
tied as (
    select campaign_id, account_id, count(distinct work) as n_ties, count(distinct other) as n_partners from ties group by all
),
held as (
    select distinct m.campaign_id, m.account_id, s.kind, s.value
    from shared_values as s
    join members as m on m.account_id = s.account_id
    where s.kind in ('payment', 'signup', 'network')
),
pairs as (
    select a.campaign_id, a.account_id, b.account_id as other
    from held as a
    join held as b
        on b.campaign_id = a.campaign_id and b.kind = a.kind and b.value = a.value and b.account_id <> a.account_id
    group by all
    having count(distinct a.kind) > 1
),
alike as (
    select campaign_id, account_id, count(*) as n_alike from pairs group by all
),
common as (
    select c.campaign_id, e.account_id, count(distinct e.record_id) as n_requests
    from (from campaigns select campaign_id, unnest(templates) as template_id) as c
    join template_exchanges as e on e.template_id = c.template_id
    join members as m on m.account_id = e.account_id and m.campaign_id = c.campaign_id
    group by all
),
loads as (
    select m.campaign_id, g.group_id, g.account_id, g.n_exchanges
    from group_loads as g
    join members as m on m.account_id = g.account_id
    where list_contains($text_kinds, split_part(g.group_id, ':', 1)) or g.group_id in (select group_id from candidate_steps where step = 1)
),
own_groups as (
    select l.campaign_id, l.group_id
    from loads as l
    join (select group_id, sum(n_exchanges) as n from group_loads group by group_id) as g on g.group_id = l.group_id
    group by l.campaign_id, l.group_id, g.n
    having sum(l.n_exchanges) >= $most * g.n
    union
    select campaign_id, group_id from candidate_steps where step = 1 and group_id is not null
),
own as (
    select l.campaign_id, l.account_id, count(*) as n_groups
    from loads as l
    join own_groups as o on o.campaign_id = l.campaign_id and o.group_id = l.group_id
    group by all
)
select
    m.campaign_id, m.account_id, coalesce(t.n_ties, 0) as n_ties, coalesce(t.n_partners, 0) as n_partners,
    coalesce(a.n_alike, 0) as n_alike, coalesce(c.n_requests, 0) as n_common_requests, coalesce(o.n_groups, 0) as n_own_groups,
    coalesce(t.n_ties, a.n_alike, o.n_groups) is not null as is_held
from members as m
left join tied as t on t.campaign_id = m.campaign_id and t.account_id = m.account_id
left join alike as a on a.campaign_id = m.campaign_id and a.account_id = m.account_id
left join common as c on c.campaign_id = m.campaign_id and c.account_id = m.account_id
left join own as o on o.campaign_id = m.campaign_id and o.account_id = m.account_id
order by m.campaign_id, m.account_id
