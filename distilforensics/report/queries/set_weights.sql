/*---
title = "What ties and identities weigh in each set that competed, and after each step, in bits"
reads = ["account_calls", "competing_sets", "group_loads", "passing_ties", "reported_candidates", "shared_values", "step_accounts", "tie_groups"]
is_relation = true
---*/
with recursive members as (
    select candidate, name, group_id, account_id, true as is_rival from competing_sets
    union all
    select a.candidate, 'step ' || a.step, null, a.account_id, false
    from step_accounts as a
    where a.candidate in (select candidate from reported_candidates)
),
sets as (
    select
        m.candidate, m.name, m.group_id, m.is_rival, m.is_rival and not starts_with(coalesce(m.group_id, 'cluster:'), 'cluster:') as is_by_group,
        count(*) as n_accounts, sum(c.n_failed) as n_failed, sum(c.n_continuing) as n_continuing, sum(c.n_prompts) as n_prompts, sum(g.n_failed) as n_failed_in_group
    from members as m
    join account_calls as c on c.account_id = m.account_id
    left join group_loads as g on g.group_id = m.group_id and g.account_id = m.account_id
    group by all
),
inside as (
    select a.candidate, a.name, t.kind, count(distinct t.work) as n, count(distinct t.work) filter (g.group_id is not null) as n_in_group
    from passing_ties as t
    join members as a on a.account_id = t.account_id
    join members as b on b.account_id = t.other_account_id and b.candidate = a.candidate and b.name = a.name
    left join tie_groups as g on g.record_id = t.record_id and g.group_id = a.group_id
    group by all
),
trials as (
    select
        s.candidate, s.name, i.kind,
        (case when i.kind = 'handover' and s.is_by_group then i.n_in_group else i.n end)::double as n,
        greatest(
            case when i.kind = 'handover' and s.is_by_group then i.n_in_group else i.n end,
            case i.kind when 'handover' then if(s.is_by_group, s.n_failed_in_group, s.n_failed) when 'conversation' then s.n_continuing else s.n_prompts end
        )::double as n_of,
        (case i.kind when 'handover' then $rate_handover when 'conversation' then $rate_conversation else $rate_answer end)::double as rate
    from sets as s
    join inside as i on i.candidate = s.candidate and i.name = s.name
),
tie_bits as (
    select candidate, name, sum(
        case when n <= n_of * rate then 0 else n * log2(n / n_of / rate) + if(n < n_of, (n_of - n) * log2((1 - n / n_of) / (1 - rate)), 0) end
    ) as bits
    from trials
    where n > 0
    group by all
),
-- Customers who share a value with another, and what each value connects.
customers as (
    select account_id, coalesce(nullif(organization, ''), nullif(tenant_id, ''), account_id) as customer from account_calls
),
held as (
    select distinct m.candidate, m.name, v.kind, v.value, c.customer
    from members as m
    join customers as c on c.account_id = m.account_id
    join shared_values as v on v.account_id = m.account_id
    where not m.is_rival or (m.candidate, m.name) in (select (candidate, name) from tie_bits where bits > 0)
),
pairs as (
    select candidate, name, kind, customer as a, min(customer) over (partition by candidate, name, kind, value) as b
    from held
    qualify a <> b
),
ways as (
    select candidate, name, kind, a, b from pairs
    union
    select candidate, name, kind, b, a from pairs
),
labels as (
    select 0 as round, candidate, name, kind, a as customer, a as label from ways group by all
    union all
    select round, candidate, name, kind, customer, label
    from (
        select
            l.round + 1 as round, l.candidate, l.name, l.kind, l.customer, least(l.label, min(o.label)) as label,
            bool_or(l.label > min(o.label)) over (partition by l.candidate, l.name, l.kind) as is_changing
        from labels as l
        join ways as w on w.candidate = l.candidate and w.name = l.name and w.kind = l.kind and w.a = l.customer
        join labels as o on o.candidate = l.candidate and o.name = l.name and o.kind = l.kind and o.customer = w.b
        group by l.round, l.candidate, l.name, l.kind, l.customer, l.label
    )
    where is_changing
),
shared as (
    select candidate, name, kind, (count(*) - count(distinct label))::double as n
    from (select * from labels qualify round = max(round) over (partition by candidate, name, kind))
    group by all
),
-- Values that the same accounts hold are one.
value_sizes as (
    select kind, len(holders)::double as size, count(*) as n_values
    from (select distinct kind, holders from (select kind, value, list_sort(list(account_id)) as holders from shared_values group by kind, value))
    group by all
),
expected as (
    select
        h.candidate, h.name, h.kind, h.n,
        sum(v.n_values * (v.size * s.share - 1 + pow(1 - s.share, v.size)) order by v.size) + 1 / 3.0::double as n_expected
    from shared as h
    join (select candidate, name, n_accounts::double / (select count(*) from account_calls) as share from sets) as s
        on s.candidate = h.candidate and s.name = h.name
    join value_sizes as v on v.kind = h.kind
    group by all
),
identity_bits as (
    select candidate, name, sum(if(n <= n_expected, 0, n * log2(n / n_expected) - (n - n_expected) / ln(2))) as bits
    from expected
    group by all
)
select
    s.candidate, s.name, s.group_id, s.is_rival, s.n_accounts, round(coalesce(t.bits, 0), 6) as tie_bits, round(coalesce(i.bits, 0), 6) as identity_bits,
    -- Identities that made a cluster count half, since it was chosen for them; a set without ties does not compete.
    round(case
        when not s.is_rival then coalesce(t.bits, 0) + coalesce(i.bits, 0)
        when coalesce(t.bits, 0) = 0 then 0
        else t.bits + coalesce(i.bits, 0) * if(starts_with(coalesce(s.group_id, ''), 'cluster:'), 0.5, 1)
    end, 6) as bits
from sets as s
left join tie_bits as t on t.candidate = s.candidate and t.name = s.name
left join identity_bits as i on i.candidate = s.candidate and i.name = s.name
