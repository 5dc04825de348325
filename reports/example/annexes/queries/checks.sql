-- Whether the program chose by its own rules: no set weighs more than the one that a campaign began with, steps weigh what is stated, every member has what holds it
create or replace temp view accounts as from read_parquet(['findings/accounts.parquet']);
create or replace temp view candidate_steps as from read_parquet(['findings/candidate_steps.parquet']);
create or replace temp view campaigns as from read_parquet(['findings/campaigns.parquet']);
create or replace temp view group_loads as from read_parquet(['data/group_loads.parquet']);
create or replace temp view work_ties as from read_parquet(['data/work_ties.parquet']);
create or replace temp view shared_values as from read_parquet(['data/shared_values.parquet']);
create or replace temp view template_exchanges as from read_parquet(['data/template_exchanges.parquet']);
create or replace temp table membership as
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
    where list_contains(['near', 'passage', 'prefix', 'prompt', 'suffix', 'system'], split_part(g.group_id, ':', 1)) or g.group_id in (select group_id from candidate_steps where step = 1)
),
own_groups as (
    select l.campaign_id, l.group_id
    from loads as l
    join (select group_id, sum(n_exchanges) as n from group_loads group by group_id) as g on g.group_id = l.group_id
    group by l.campaign_id, l.group_id, g.n
    having sum(l.n_exchanges) >= 0.8 * g.n
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
order by m.campaign_id, m.account_id;
create or replace temp table reported_candidates as
select * exclude (step, added, removed)
from candidate_steps
where step = 1 and campaign_id is not null
order by campaign_id
limit 10;
create or replace temp view account_calls as from read_parquet(['data/account_calls.parquet']);
create or replace temp table step_accounts as
with changes as (
    select candidate, step, unnest(added) as account_id, true as is_in from candidate_steps
    union all
    select candidate, step, unnest(removed), false from candidate_steps
)
select s.candidate, s.step, c.account_id
from candidate_steps as s
join changes as c on c.candidate = s.candidate and c.step <= s.step
group by s.candidate, s.step, c.account_id
having arg_max(c.is_in, c.step);
create or replace temp table free_accounts as
with found as (
    select a.candidate, a.account_id
    from step_accounts as a
    join (select candidate, max(step) as step from candidate_steps group by candidate) as l on l.candidate = a.candidate and l.step = a.step
)
select r.candidate, a.account_id, a.n_exchanges
from reported_candidates as r
cross join account_calls as a
where not exists (select 1 from found as f where f.account_id = a.account_id and f.candidate < r.candidate);
create or replace temp table households as
with recursive ties as (
    select account_id, other_account_id from work_ties where relation <> 'same'
),
pairs as (
    select account_id, other_account_id from ties
    union
    select other_account_id, account_id from ties
    union
    select account_id, account_id from ties
    union
    select other_account_id, other_account_id from ties
),
labels as (
    select distinct account_id, account_id as label, 0 as round from pairs
    union all
    select p.account_id, min(l.label), l.round + 1
    from labels as l
    join pairs as p on p.other_account_id = l.account_id
    where l.round < 6
    group by p.account_id, l.round
),
settled as (
    select account_id, label from labels where round = 6
),
passed as (
    select s.label, count(*) as n_ties
    from ties as t
    join settled as s on s.account_id = t.account_id
    group by s.label
),
closed as (
    select a.label, count(distinct a.account_id) as n_accounts
    from settled as a
    join pairs as p on p.account_id = a.account_id
    join settled as b on b.account_id = p.other_account_id
    group by a.label
    having bool_and(a.label = b.label)
)
select s.account_id
from settled as s
join closed as c on c.label = s.label
join passed as p on p.label = s.label
where c.n_accounts <= 6 and p.n_ties >= c.n_accounts;
create or replace temp table passing_ties as
select kind, record_id, account_id, other_account_id, work
from work_ties
where relation <> 'same' and account_id not in (select account_id from households);
create or replace temp table tied_sets as
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
qualify round = max(round) over (partition by candidate);
create or replace temp table competing_sets as
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
    having count(*) >= 5
),
members as (
    select p.candidate, p.group_id as name, p.group_id, p.account_id
    from present as p
    join models as m on m.candidate = p.candidate and m.group_id = p.group_id
    where p.kind = 'cluster' or (
        p.n >= greatest(least(3, m.n), case p.kind when 'near' then 0.15 else 0.1 end * m.n)
        and p.share >= 0.5 * m.share
    )
    union all
    select candidate, name, null, account_id from tied_sets
)
select candidate, name, group_id, account_id
from members
qualify count(*) over (partition by candidate, name) >= 5;
create or replace temp view tie_groups as from read_parquet(['data/tie_groups.parquet']);
create or replace temp table set_weights as
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
        (case i.kind when 'handover' then 0.002 when 'conversation' then 0.0005 else 0.0005 end)::double as rate
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
left join identity_bits as i on i.candidate = s.candidate and i.name = s.name;
with rivals as (
    select
        b.campaign_id, b.rule, b.bits, b.n_tried, b.n_accounts, count(w.name) as n_sets, coalesce(max(w.bits), 0) as most,
        coalesce(bool_or(abs(w.bits - b.bits) < 0.001 and w.n_accounts = b.n_accounts and coalesce(w.group_id, '') = coalesce(b.group_id, '')), false) as is_there
    from reported_candidates as b
    left join set_weights as w on w.candidate = b.candidate and w.is_rival
    group by all
),
steps as (
    select s.*, w.n_accounts as n_again, w.bits as bits_again, w.bits - lag(w.bits) over (partition by s.candidate order by s.step) as gain
    from candidate_steps as s
    join reported_candidates as b on b.candidate = s.candidate
    join set_weights as w on w.candidate = s.candidate and w.name = 'step ' || s.step
),
ended as (
    select b.campaign_id, a.account_id
    from reported_candidates as b
    join step_accounts as a on a.candidate = b.candidate
    where a.step = (select max(step) from candidate_steps as s where s.candidate = b.candidate)
),
stated as (
    select coalesce(campaign_id, split_part(reason_not_in_campaign, ':', 1)) as campaign_id, account_id
    from accounts
    where campaign_id is not null or split_part(reason_not_in_campaign, ':', 1) in (select campaign_id from reported_candidates)
)
select campaign_id || ': sets that competed' as name, n_tried::varchar as stated, n_sets::varchar as recomputed, n_tried = n_sets as holds
from rivals where rule in ('heaviest', 'reworded')
union all
select campaign_id || ': most bits of a set', round(bits, 3)::varchar, round(most, 3)::varchar, is_there and most < bits + 0.001
from rivals where rule = 'heaviest'
union all
select campaign_id || ': no set that ties hold weighs enough', 'less than ' || 10.0, round(most, 3)::varchar, most < 10.0
from rivals where rule <> 'heaviest'
union all
select campaign_id || ': accounts after step ' || step, n_accounts::varchar, n_again::varchar, n_accounts = n_again
from steps
union all
select campaign_id || ': bits after step ' || step, round(bits, 3)::varchar, round(bits_again, 3)::varchar, abs(bits - bits_again) < 0.001
from steps where rule not in ('heaviest', 'reworded')
union all
select campaign_id || ': bits gained by step ' || step, 'more than ' || 3, round(gain, 3)::varchar, gain > 3
from steps where rule = 'growth'
union all
select campaign_id || ': accounts in which the steps and the table of accounts differ', '0', sum(n)::varchar, sum(n) = 0
from (
    select coalesce(e.campaign_id, s.campaign_id) as campaign_id, (e.account_id is null or s.account_id is null)::int as n
    from ended as e
    full join stated as s on s.account_id = e.account_id and s.campaign_id = e.campaign_id
)
where campaign_id in (select campaign_id from reported_candidates)
group by campaign_id
union all
select campaign_id || ': members that nothing holds', '0', count(*) filter (not is_held)::varchar, bool_and(is_held)
from membership where campaign_id in (select campaign_id from reported_candidates)
group by campaign_id
order by name;
