-- Whether a group may be one operator's own, asked again: outcome and sentence of each explanation that caps the grade
create or replace temp view account_calls as from read_parquet(['data/account_calls.parquet']);
create or replace temp view campaign_facts as from read_parquet(['findings/campaign_facts.parquet']);
create or replace temp view accounts as from read_parquet(['findings/accounts.parquet']);
create or replace temp view campaigns as from read_parquet(['findings/campaigns.parquet']);
create or replace temp view explained_groups as from read_parquet(['findings/explained_groups.parquet']);
create or replace temp view candidate_members as
select coalesce(campaign_id, split_part(reason_not_in_campaign, ':', 1)) as candidate_id, account_id
from accounts
where campaign_id is not null or split_part(reason_not_in_campaign, ':', 1) in (select group_id from explained_groups);
create or replace temp view exchange_features as from read_parquet(['data/exchange_features.parquet']);
create or replace temp table egress as
with counted as (
    select m.candidate_id, e.client_ip, count(*) as n, count(distinct e.account_id) as n_accounts
    from candidate_members as m
    join exchange_features as e on e.account_id = m.account_id
    where e.client_ip is not null
    group by m.candidate_id, e.client_ip
),
placed as (
    select *, row_number() over (partition by candidate_id order by n desc, client_ip) as place from counted
),
members as (
    select m.candidate_id, count(distinct e.account_id) as n_members
    from candidate_members as m
    join exchange_features as e on e.account_id = m.account_id
    where e.client_ip is not null
    group by m.candidate_id
),
-- The program and the parameters with which every member mostly calls.
used as (
    select m.candidate_id, e.account_id, x.kind, x.template, count(*) as n
    from candidate_members as m
    join exchange_features as e on e.account_id = m.account_id
    cross join lateral (values ('program', e.program_template), ('parameters', e.parameter_template)) as x (kind, template)
    where x.template is not null
    group by all
),
mostly as (
    select candidate_id, account_id, kind, arg_max(template, (n, template)) as template from used group by all
),
manners as (
    select candidate_id, kind, max(n) / sum(n) as share
    from (select candidate_id, kind, template, count(*) as n from mostly group by all)
    group by candidate_id, kind
),
alike as (
    select candidate_id, round(max(share), 6) as share from manners group by candidate_id having count(*) filter (kind = 'program') > 0
)
select
    c.candidate_id,
    round(coalesce(sum(c.n) filter (
        where c.n_accounts >= 0.25 * m.n_members or (c.place <= 3 and c.n_accounts >= 0.1 * m.n_members)), 0) / sum(c.n), 6) as common_share,
    sum(c.n)::bigint as n_known,
    any_value(a.share) as alike_share
from placed as c
join members as m on m.candidate_id = c.candidate_id
left join alike as a on a.candidate_id = c.candidate_id
group by c.candidate_id
order by c.candidate_id;
create or replace temp table nights as
with hours as (
    select distinct m.candidate_id, e.account_id, epoch_us(e.started_at) // 3_600_000_000 as hour
    from candidate_members as m
    join exchange_features as e on e.account_id = m.account_id
),
judged as (
    select candidate_id, account_id, count(*) as n_hours
    from hours
    group by candidate_id, account_id
    having count(*) >= 20 and count(distinct hour // 24) >= 5
),
by_clock as (
    select candidate_id, account_id, hour % 24 as clock_hour, count(*) as n from hours group by all
),
quietest as (
    select j.candidate_id, j.account_id, j.n_hours, night.begin_hour, coalesce(sum(c.n), 0) as n
    from judged as j
    cross join (select unnest(range(24)) as begin_hour) as night
    left join by_clock as c
        on c.candidate_id = j.candidate_id and c.account_id = j.account_id and (c.clock_hour - night.begin_hour + 24) % 24 < 6
    group by all
),
rested as (
    select candidate_id, account_id, min(n) >= 0.1 * any_value(n_hours) as is_awake
    from quietest
    group by candidate_id, account_id
)
select candidate_id, count(*)::bigint as n_judged, count(*) filter (where is_awake)::bigint as n_awake
from rested
group by candidate_id
order by candidate_id;
create or replace temp view work_ties as from read_parquet(['data/work_ties.parquet']);
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
create or replace temp view candidate_steps as from read_parquet(['findings/candidate_steps.parquet']);
create or replace temp table reported_candidates as
select * exclude (step, added, removed)
from candidate_steps
where step = 1 and campaign_id is not null
order by campaign_id
limit 10;
with recursive members as (
    select r.campaign_id, a.*
    from candidate_members as m
    join reported_candidates as r on r.campaign_id = m.candidate_id
    join account_calls as a on a.account_id = m.account_id
),
sizes as (
    select
        campaign_id, count(*) as n,
        count(*) filter (coalesce(nullif(organization, ''), nullif(tenant_id, ''), nullif(email_domain, '')) is not null) as n_named
    from members
    group by campaign_id
),
counted as (
    select
        *, lower(title[1]) || title[2:] as named,
        n_quick >= greatest(1, 0.5 * n_apart) as is_quick
    from campaign_facts
    where is_counted
),
has as (
    select
        s.campaign_id, coalesce(list(f.fact_id) filter (f.fact_id is not null), []) as ids,
        coalesce(bool_or(f.is_telling and f.kind = 'coordination'), false) as is_passed_on
    from sizes as s
    left join counted as f on f.campaign_id = s.campaign_id
    group by s.campaign_id
),
-- People sleep, each at hours of their own: accounts that call around the clock for days are none.
sleepless as (
    select s.campaign_id, format(
        'People sleep: {:,} of the {:,} accounts with calls enough to show it call around the clock, in the six hours of the day in which they call least as well.',
        n.n_awake, n.n_judged) as words
    from sizes as s
    join nights as n on n.candidate_id = s.campaign_id
    where n.n_judged >= 0.5 * s.n and n.n_awake >= greatest(5, 0.5 * n.n_judged)
),
-- One customer, or a few: accounts that share a tenant, an organisation or a payer are one; and so without payers.
names as (
    select distinct campaign_id, by_payer, 'account ' || account_id as a, kind || ' ' || name as b
    from (unpivot members on tenant_id, organization, payment_fingerprint into name kind value name)
    cross join (select unnest([true, false]) as by_payer)
    where name <> '' and (by_payer or kind <> 'payment_fingerprint')
),
ways as (
    select campaign_id, by_payer, a, b from names
    union all
    select campaign_id, by_payer, b, a from names
),
labels as (
    select 0 as round, campaign_id, by_payer, a as node, a as label from ways group by all
    union all
    select round, campaign_id, by_payer, node, label
    from (
        select
            l.round + 1 as round, l.campaign_id, l.by_payer, l.node, least(l.label, min(o.label)) as label,
            bool_or(l.label > min(o.label)) over (partition by l.campaign_id, l.by_payer) as is_changing
        from labels as l
        join ways as w on w.campaign_id = l.campaign_id and w.by_payer = l.by_payer and w.a = l.node
        join labels as o on o.campaign_id = l.campaign_id and o.by_payer = l.by_payer and o.node = w.b
        group by l.round, l.campaign_id, l.by_payer, l.node, l.label
    )
    where is_changing
),
customers as (
    select campaign_id, by_payer, label, count(*) filter (starts_with(node, 'account ')) as n
    from (select * from labels qualify round = max(round) over (partition by campaign_id, by_payer))
    group by campaign_id, by_payer, label
),
known as (
    select
        s.campaign_id, p.by_payer, s.n, coalesce(sum(c.n), 0)::bigint as n_known, count(c.n) as n_customers, coalesce(max(c.n), 0) as n_largest,
        coalesce(list_sum(list_sort(list(c.n) filter (c.n is not null), 'desc')[:3]), 0)
            >= 0.8 * coalesce(sum(c.n), 0) as are_few
    from sizes as s
    cross join (select unnest([true, false]) as by_payer) as p
    left join customers as c on c.campaign_id = s.campaign_id and c.by_payer = p.by_payer
    group by all
),
domains as (
    select d.campaign_id, d.n, (select count(*) from account_calls as a where a.email_domain = d.email_domain) - d.n as n_elsewhere
    from (select campaign_id, email_domain, count(*) as n from members where email_domain <> '' group by all) as d
    qualify row_number() over (partition by d.campaign_id order by d.n desc, d.email_domain desc) = 1
),
one_domain as (
    select
        s.campaign_id, 'operator.one_domain' as name,
        case when d.n is null then 'in part' when d.n >= 0.8 * s.n and d.n_elsewhere < d.n then 'fits' else 'excluded' end as outcome,
        coalesce(
            format('The most common mail domain has {:,} of the {:,} accounts, and {:,} others of the log.', d.n, s.n, d.n_elsewhere),
            'No mail domain is known.') as statement
    from sizes as s
    left join domains as d on d.campaign_id = s.campaign_id
),
placed as (
    select
        s.campaign_id, e.*, list_contains(h.ids, 'payment') and o.outcome = 'excluded' as is_paid,
        (
            select string_agg(f.named, ', ' order by f.place)
            from counted as f
            where f.campaign_id = s.campaign_id
                and (
                    f.fact_id = 'takeover'
                    or (f.fact_id = 'answer' and list_contains(h.ids, 'handover'))
                    or (f.fact_id = 'conversation' and f.n_unforced >= 0.5 * f.n_apart)
                    or (f.fact_id = 'signup' and f.is_beyond_payers and (list_contains(h.ids, 'handover') or not f.is_of_one_day))
                )
        ) as beyond,
        list_contains(h.ids, 'handover') and coalesce(e.alike_share, 1) < 0.5 as are_many,
        case when e.common_share > 0 and e.common_share < 0.0005 then '< 0.1 %' when 100 * e.common_share >= 99.95 and e.common_share < 1 then '> 99.9 %' else format('{:.1f} %', 100 * e.common_share) end as common_words,
        case when e.alike_share > 0 and e.alike_share < 0.0005 then '< 0.1 %' else format('{:.1f} %', 100 * e.alike_share) end as alike_words
    from sizes as s
    join has as h on h.campaign_id = s.campaign_id
    join one_domain as o on o.campaign_id = s.campaign_id
    left join egress as e on e.candidate_id = s.campaign_id
),
one_egress as (
    select
        campaign_id, 'operator.one_egress' as name,
        case when common_share is null then 'in part' when common_share >= 0.8 and not (is_paid and (beyond is not null or are_many)) then 'fits' else 'excluded' end as outcome,
        coalesce(
            format('{} of {:,} calls with a logged address come from addresses that a quarter of the accounts use, or from those of the three busiest that a tenth of them use.', common_words, n_known) || case
                when common_share < 0.8 or not is_paid then ''
                when beyond is not null then format(' But one pays for several customers, who are not of one mail domain that is rare elsewhere, and a service does not produce what else is seen: {}.', beyond)
                when are_many then format(
                    ' But one pays for several customers, who are not of one mail domain that is rare elsewhere, and refused calls go on between different programs: the most common one, or set of parameters, is that of {} of the accounts.', alike_words)
                else '' end,
            'No client address is logged, so that it is not known from where the calls come.') as statement
    from placed
),
few_judged as (
    select
        k.campaign_id, k.n, k.n_known, k.n_customers, k.n_largest, u.n_customers as n_named, k.n_largest >= 0.5 * k.n_known as is_one, k.are_few,
        u.n_known < 0.8 * k.n or u.are_few or not list_contains(h.ids, 'handover') or e.outcome <> 'excluded' or d.outcome <> 'excluded' as stay_few
    from known as k
    join known as u on u.campaign_id = k.campaign_id and not u.by_payer
    join has as h on h.campaign_id = k.campaign_id
    join one_egress as e on e.campaign_id = k.campaign_id
    join one_domain as d on d.campaign_id = k.campaign_id
    where k.by_payer
),
few_customers as (
    select
        campaign_id, 'operator.few_customers' as name,
        case when n_known < 0.5 * n then 'cannot tell' when is_one or (are_few and stay_few) then 'fits' else 'excluded' end as outcome,
        format('The log names the tenant, organisation or payer of {:,} of {:,} accounts', n_known, n) || case
            when n_known < 0.5 * n then '; the others may belong to one customer.'
            else format(': {:,} customers, of which the largest has {:,} accounts.', n_customers, n_largest) || if(
                are_few and not is_one and not stay_few,
                format(' But they are {:,} by tenant and organisation, and refused calls go on between different payers, from many places, and not under one mail domain that is rare elsewhere: who pays for clients calls from own machines, or leaves each client its key.', n_named),
                '') end as statement
    from few_judged
),
handed as (
    select a.campaign_id, t.other_account_id as taker, count(*) as n
    from passing_ties as t
    join members as a on a.account_id = t.account_id
    join members as b on b.account_id = t.other_account_id and b.campaign_id = a.campaign_id
    where t.kind = 'handover'
    group by all
),
takers as (
    select
        s.campaign_id, coalesce(sum(h.n), 0)::bigint as n_ties,
        coalesce(list_sort(list(h.n) filter (h.n is not null), 'desc')[:floor(0.1 * s.n)::bigint], []) as most
    from sizes as s
    left join handed as h on h.campaign_id = s.campaign_id
    group by s.campaign_id, s.n
),
spare_keys as (
    select
        t.campaign_id, 'operator.spare_keys' as name,
        if(coalesce(list_sum(t.most), 0) >= greatest(0.8 * t.n_ties, 3 * len(t.most), 1) and not list_contains(h.ids, 'payment'), 'fits', 'excluded') as outcome,
        if(t.n_ties > 0,
            format('{:,} of {:,} hand-overs go to the {:,} accounts that take most.', coalesce(list_sum(t.most), 0)::bigint, t.n_ties, len(t.most)),
            'No refused call goes on at another customer''s account.') as statement
    from takers as t
    join has as h on h.campaign_id = t.campaign_id
),
produced as (
    select
        s.campaign_id,
        ['handover', 'synchrony']
        || if(list_has_any(h.ids, ['conversation', 'answer']), ['conversation', 'answer', 'rewording'], [])
        || if(list_has_any(h.ids, ['conversation', 'answer']) and not list_contains(h.ids, 'handover'), ['signup', 'network'], [])
        || if(list_has_any(h.ids, ['conversation', 'answer']) and s.n_named < 0.5 * s.n, ['payment'], []) as ids
    from sizes as s
    join has as h on h.campaign_id = s.campaign_id
),
common_program as (
    select
        p.campaign_id, 'operator.common_program' as name, if(count(f.fact_id) > 0, 'excluded', 'cannot tell') as outcome,
        coalesce(
            'They do not produce what else is seen here: ' || string_agg(f.named, ', ' order by f.place) || '.',
            'Nothing is seen that they do not produce: calls that go on elsewhere, texts that are passed on, common news, one day of sign-ups.') as statement
    from produced as p
    left join counted as f on f.campaign_id = p.campaign_id and f.is_telling and not list_contains(p.ids, f.fact_id) and not f.is_of_one_day
    group by p.campaign_id
),
said as (
    select f.campaign_id, 1 as part, f.place, format('{:,} of {:,} came within {:g} seconds: {}.', f.n_quick, f.n_apart, 20.0::double, f.named) as words
    from counted as f
    join has as h on h.campaign_id = f.campaign_id
    where f.is_quick and (f.fact_id = 'conversation' or not list_contains(h.ids, 'conversation'))
    union all
    select campaign_id, 2, place, 'Whoever goes on does so with the program and the parameters of the refused account, where people use their own.'
    from counted as f where fact_id = 'manner' and not exists (from counted as t where t.campaign_id = f.campaign_id and t.fact_id = 'conversation')
    union all
    select campaign_id, 3, place, 'They share payment methods across customers.' from counted where fact_id = 'payment'
    union all
    select s.campaign_id, 4, 0, s.words
    from sleepless as s
    left join counted as f on f.campaign_id = s.campaign_id and f.fact_id = 'conversation'
    where f.fact_id is null or f.n_unforced >= 0.5 * f.n_apart
),
people as (
    select
        h.campaign_id, 'operator.people' as name, if(count(s.words) > 0 or not h.is_passed_on, 'excluded', 'cannot tell') as outcome,
        if(not h.is_passed_on, 'No work is passed on between customers often enough to count.', coalesce(
            string_agg(s.words, ' ' order by s.part, s.place), if(list_has_any(h.ids, ['handover', 'conversation', 'answer']), 'Work is passed on at a pace that people keep as well, and no payment in common counts.', 'Nothing is seen that people who know each other do not do.'))) as statement
    from has as h
    left join said as s on s.campaign_id = h.campaign_id
    group by h.campaign_id, h.is_passed_on, h.ids
)
from few_customers union all by name
from one_egress union all by name
from one_domain union all by name
from spare_keys union all by name
from common_program union all by name
from people
order by campaign_id, name;
