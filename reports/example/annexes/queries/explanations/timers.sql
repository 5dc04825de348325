-- Programs on timers of their own
create or replace temp view accounts as from read_parquet(['findings/accounts.parquet']);
create or replace temp view campaigns as from read_parquet(['findings/campaigns.parquet']);
create or replace temp view explained_groups as from read_parquet(['findings/explained_groups.parquet']);
create or replace temp view candidate_members as
select coalesce(campaign_id, split_part(reason_not_in_campaign, ':', 1)) as candidate_id, account_id
from accounts
where campaign_id is not null or split_part(reason_not_in_campaign, ':', 1) in (select group_id from explained_groups);
create or replace temp view template_exchanges as from read_parquet(['data/template_exchanges.parquet']);
create or replace temp view exchange_features as from read_parquet(['data/exchange_features.parquet']);
create or replace temp view candidate_templates as
select campaign_id as candidate_id, unnest(templates) as template_id from campaigns
union all select group_id, unnest(templates) from explained_groups;
create or replace temp table candidate_exchanges as
with carried as (
    select distinct m.candidate_id, e.record_id, e.account_id, e.started_at
    from candidate_templates as t
    join template_exchanges as e on e.template_id = t.template_id
    join candidate_members as m on m.candidate_id = t.candidate_id and m.account_id = e.account_id
)
select candidate_id, record_id, account_id, started_at from carried
union all
select m.candidate_id, e.record_id, e.account_id, e.started_at
from candidate_members as m
anti join candidate_templates as t on t.candidate_id = m.candidate_id
join exchange_features as e on e.account_id = m.account_id;
create or replace temp table candidate_features as
select c.candidate_id, e.*
from candidate_exchanges as c
join exchange_features as e on e.record_id = c.record_id;
with pauses as (
    select
        candidate_id,
        account_id,
        epoch_us(started_at) - lag(epoch_us(started_at)) over (partition by candidate_id, account_id order by started_at, record_id) as pause_us
    from candidate_features
),
intervals as (
    select candidate_id, account_id, median(pause_us) as interval_us, count(*) as n_pauses
    from pauses
    where pause_us is not null
    group by candidate_id, account_id
    having count(*) >= 20
),
accounts as (
    select
        p.candidate_id,
        p.account_id,
        count(*) filter (where abs(p.pause_us - i.interval_us) <= greatest(0.02 * i.interval_us, least(1500000, 0.25 * i.interval_us))) / count(*) as fixed_share
    from pauses as p
    join intervals as i on i.candidate_id = p.candidate_id and i.account_id = p.account_id
    where p.pause_us is not null
    group by p.candidate_id, p.account_id
),
shares as (
    select candidate_id, count(*) as n_judged, count(*) filter (where fixed_share >= 0.8) / count(*) as timer_share
    from accounts
    group by candidate_id
),
sizes as (
    select candidate_id, count(*) as n_exchanges from candidate_features group by candidate_id
),
members as (
    select candidate_id, count(*) as n_accounts from candidate_members group by candidate_id
),
judged as (
    select
        m.candidate_id,
        m.n_accounts,
        coalesce(z.n_exchanges, 0) as n_exchanges,
        coalesce(s.n_judged, 0) as n_judged,
        coalesce(s.timer_share, 0) as timer_share,
        coalesce(s.timer_share >= 0.8 and s.n_judged >= 0.5 * m.n_accounts, false) as is_explained
    from members as m
    left join sizes as z on z.candidate_id = m.candidate_id
    left join shares as s on s.candidate_id = m.candidate_id
)
select
    candidate_id,
    case when is_explained then 'applies' else 'rebutted' end as verdict,
    round(timer_share, 6) as value,
    0.8::double as baseline,
    n_exchanges,
    n_accounts,
    concat(
        case
            when is_explained then 'The group is consistent with programs that each call on a timer: '
            else 'The accounts do not call on timers of their own: '
        end,
        format('{} of {} accounts have enough pauses to tell, and {:.1f} % of these keep one interval', n_judged, n_accounts, 100 * timer_share),
        '.') as statement
from judged
order by candidate_id;
