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
members as (
    select m.candidate_id, count(distinct e.account_id) as n_members
    from candidate_members as m
    join exchange_features as e on e.account_id = m.account_id
    where e.client_ip is not null
    group by m.candidate_id
),
placed as (
    select *, row_number() over (partition by candidate_id order by n desc, client_ip) as place from counted
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
    p.candidate_id,
    round(sum(n) filter (where place <= 3) / sum(n), 6) as address_share,
    max(n_accounts) filter (where place <= 3) as n_accounts,
    sum(n)::bigint as n_known,
    round(coalesce(sum(n) filter (where n_accounts >= 0.25 * n_members), 0) / sum(n), 6) as common_share,
    any_value(a.share) as alike_share
from placed as p
join members as m on m.candidate_id = p.candidate_id
left join alike as a on a.candidate_id = p.candidate_id
group by p.candidate_id
order by p.candidate_id;
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
quietest as (
    select j.candidate_id, j.account_id, j.n_hours, night.begin_hour, count(h.hour) as n
    from judged as j
    cross join (select unnest(range(24)) as begin_hour) as night
    left join hours as h
        on h.candidate_id = j.candidate_id and h.account_id = j.account_id and (h.hour % 24 - night.begin_hour + 24) % 24 < 6
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
        n_quick >= greatest(1, 0.5 * n_apart) as is_quick,
        case when n_alike <= n_apart * 0.25 or n_alike = 0 then 0
            else n_alike * log2(n_alike::double / n_apart / 0.25)
                + if(n_alike < n_apart, (n_apart - n_alike) * log2((1 - n_alike::double / n_apart) / (1 - 0.25)), 0)
            end >= 10.0 as is_timed
    from campaign_facts
    where is_counted
),
has as (
    select
        s.campaign_id, coalesce(list(f.fact_id) filter (f.fact_id is not null), []) as ids,
        coalesce(bool_or(f.is_telling and f.kind = 'coordination'), false) as is_passed_on,
        coalesce(list(f.fact_id) filter (f.is_beyond_payers), []) as beyond_payers,
        coalesce(list(f.fact_id) filter (f.is_beyond_payers and not f.is_of_one_day), []) as of_many_days,
        coalesce(list(f.fact_id) filter (f.is_quick), []) as quick
    from sizes as s
    left join counted as f on f.campaign_id = s.campaign_id
    group by s.campaign_id
),
-- People sleep, each at hours of their own: accounts that call around the clock for days are none.
sleepless as (
    select s.campaign_id, format(
        ' But people sleep: {:,} of the {:,} accounts with calls enough to show it call around the clock, in the six hours of the day in which they call least as well.',
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
            >= 0.9 * coalesce(sum(c.n), 0) as are_few
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
places as (
    select
        s.campaign_id, s.n, e.*,
        (e.address_share >= 0.8 and e.n_accounts >= 0.1 * s.n) or (e.common_share >= 0.8 and not list_contains(h.ids, 'payment')) as fits,
        list_has_all(h.beyond_payers, ['handover', 'payment', 'signup']) and o.outcome = 'excluded' as is_opened_apart,
        coalesce(e.alike_share, 1) < 0.5 and o.outcome = 'excluded' and list_contains(h.ids, 'handover') and (
            list_contains(h.ids, 'payment')
            or (list_contains(h.of_many_days, 'signup') and (a.words is not null or list_contains(h.quick, 'handover')))
        ) as has_many_programs
    from sizes as s
    join has as h on h.campaign_id = s.campaign_id
    join one_domain as o on o.campaign_id = s.campaign_id
    left join sleepless as a on a.campaign_id = s.campaign_id
    left join egress as e on e.candidate_id = s.campaign_id
),
shares as (
    select
        campaign_id,
        case when address_share > 0 and address_share < 0.0005 then '< 0.1 %' when 100 * address_share >= 99.95 and address_share < 1 then '> 99.9 %' else format('{:.1f} %', 100 * address_share) end as address_words,
        case when common_share > 0 and common_share < 0.0005 then '< 0.1 %' when 100 * common_share >= 99.95 and common_share < 1 then '> 99.9 %' else format('{:.1f} %', 100 * common_share) end as common_words,
        case when alike_share > 0 and alike_share < 0.0005 then '< 0.1 %' when 100 * alike_share >= 99.95 and alike_share < 1 then '> 99.9 %' else format('{:.1f} %', 100 * alike_share) end as alike_words
    from places
),
one_egress as (
    select
        p.campaign_id, 'operator.one_egress' as name,
        case when p.address_share is null then 'in part' when p.fits and not p.has_many_programs and not p.is_opened_apart then 'fits' else 'excluded' end as outcome,
        coalesce(
            format(
                '{} of {:,} calls with a logged address come from the three busiest; the busiest one has calls of {:,} of the {:,} accounts. {} come from addresses that a quarter of the accounts use.',
                w.address_words, p.n_known, p.n_accounts, p.n, w.common_words
            ) || case when p.fits and p.has_many_programs then format(
                ' But the most common client program, or set of parameters, is that of {} of the accounts: these are many programs, and people in one room neither pay for each other nor call within seconds, or by day and night, for whoever is refused.',
                w.alike_words)
            when p.fits and p.is_opened_apart then
                ' But several accounts each were paid for and opened together, under different mail domains, and refused calls of one go on at another: customers come one by one and pay for themselves, and a firm has a mail domain of its own.'
            else '' end,
            'No client address is logged, so that it is not known from where the calls come.') as statement
    from places as p
    join shares as w on w.campaign_id = p.campaign_id
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
                format(' But they are {:,} by tenant and organisation, and refused calls go on between different payers, from many places and under many mail domains: who pays for clients calls from own machines, or leaves each client its key.', n_named),
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
shared_cache as (
    select
        s.campaign_id, 'operator.shared_cache' as name, if(count(f.fact_id) > 0, 'excluded', 'cannot tell') as outcome,
        coalesce(
            'It does not produce what else is seen here: ' || string_agg(f.named, ', ' order by f.place) || '.',
            'Beyond calls that go on elsewhere, common news and one day of sign-ups nothing is seen that it does not produce.') as statement
    from sizes as s
    left join counted as f on f.campaign_id = s.campaign_id and f.is_telling and f.fact_id not in ('handover', 'synchrony') and not f.is_of_one_day
    group by s.campaign_id
),
texts as (
    select
        s.campaign_id, list_has_any(h.ids, ['conversation', 'answer']) as is_passed,
        list_contains(h.ids, 'payment') and s.n_named < 0.5 * s.n as is_of_one_firm, list_contains(h.ids, 'handover') as is_handed,
        (
            select string_agg(f.named, ', ' order by f.fact_id)
            from counted as f
            where f.campaign_id = s.campaign_id and f.fact_id in ('handover', 'payment')
        ) as against
    from sizes as s
    join has as h on h.campaign_id = s.campaign_id
),
counterparts as (
    select
        campaign_id, 'operator.counterparts' as name,
        case when not is_passed or is_handed or (against is not null and not is_of_one_firm) then 'excluded' else 'cannot tell' end as outcome,
        case
            when not is_passed then 'No text is passed on.'
            when is_handed or (against is not null and not is_of_one_firm) then 'They do not produce what else is seen here: ' || against || '.'
            when is_of_one_firm
                then 'Texts are passed on, but no refused call is, and the log names no tenant, organisation or mail domain: one firm may pay for people who check each other''s work.'
            else 'Texts are passed on between customers, but no refused call is, and each customer pays alone.' end as statement
    from texts
),
talks as (
    select s.campaign_id, f.n_quick, f.n_apart, f.n_alike, f.n_unforced >= 0.5 * f.n_apart as is_unforced, f.is_quick or f.is_timed as is_paced, list_contains(h.ids, 'payment') as is_paid
    from sizes as s
    join has as h on h.campaign_id = s.campaign_id
    left join counted as f on f.campaign_id = s.campaign_id and f.fact_id = 'conversation'
),
dispatcher as (
    select
        campaign_id, 'operator.dispatcher' as name, if(n_apart is null or is_paid or is_paced, 'excluded', 'cannot tell') as outcome,
        case
            when n_apart is null then 'No conversation goes on at another customer''s account.'
            when is_paid then 'They share payment methods across customers.'
            when is_paced then format('The conversations go on at the pace of a program: {:,} of {:,} within {:g} seconds, {:,} after the same time.', n_quick, n_apart, 20.0::double, n_alike)
            else format('{:,} of {:,} conversations went on within {:g} seconds; the others at a pace that people keep as well, and each customer pays alone.', n_quick, n_apart, 20.0::double)
            end as statement,
        coalesce(is_unforced, false) as may_be_machines
    from talks
),
said as (
    select f.campaign_id, 1 as part, f.place, format('{:,} of {:,} came within {:g} seconds: {}.', f.n_quick, f.n_apart, 20.0::double, f.named) as words
    from counted as f
    where f.is_quick
    union all
    select f.campaign_id, 2, f.place, format('{:,} of {:,} came after the same time, give or take a tenth, as a program waits: {}.', f.n_alike, f.n_apart, f.named)
    from counted as f
    join has as h on h.campaign_id = f.campaign_id
    where f.is_timed and not f.is_quick and list_contains(h.ids, 'network')
    union all
    select campaign_id, 3, place, 'Whoever goes on does so with the program and the parameters of the refused account, where people use their own.'
    from counted where fact_id = 'manner'
    union all
    select campaign_id, 4, place, 'They share payment methods across customers.' from counted where fact_id = 'payment'
),
acquaintances as (
    select
        h.campaign_id, 'operator.acquaintances' as name, if(count(s.words) > 0 or not h.is_passed_on, 'excluded', 'cannot tell') as outcome,
        coalesce(string_agg(s.words, ' ' order by s.part, s.place), if(
            h.is_passed_on, 'Work is passed on at a pace that people keep as well, and each customer pays alone.',
            'No work is passed on between customers.')) as statement,
        true as may_be_machines
    from has as h
    left join said as s on s.campaign_id = h.campaign_id
    group by h.campaign_id, h.is_passed_on
),
of_people as (
    select
        p.campaign_id, p.name, if(p.outcome in ('fits', 'cannot tell') and s.words is not null, 'excluded', p.outcome) as outcome,
        p.statement || if(p.outcome in ('fits', 'cannot tell'), coalesce(s.words, ''), '') as statement
    from (from dispatcher union all by name from acquaintances) as p
    left join sleepless as s on s.campaign_id = p.campaign_id and p.may_be_machines
)
from few_customers union all by name
from one_egress union all by name
from one_domain union all by name
from spare_keys union all by name
from shared_cache union all by name
from counterparts union all by name
from of_people
order by campaign_id, name;
