-- Scheduled checks: nightly builds, drift monitors, probes
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
with prompts as (
    select candidate_id, prompt_hash, count(*) as n, count(distinct started_at::date) as n_days
    from candidate_features
    where prompt_hash is not null
    group by candidate_id, prompt_hash
),
repeated as (
    select candidate_id, coalesce(sum(n) filter (where n_days >= 2), 0) / sum(n) as repeated_share from prompts group by candidate_id
),
clock as (
    select candidate_id, 'hour' as unit, hour(started_at) as slot, 24 as n_slots, 3 as width, count(*) as n from candidate_features group by candidate_id, hour(started_at)
    union all
    select candidate_id, 'minute', minute(started_at), 60, 10, count(*) from candidate_features group by candidate_id, minute(started_at)
),
windows as (
    select a.candidate_id, a.unit, a.slot, sum(b.n) as n
    from clock as a
    join clock as b on b.candidate_id = a.candidate_id and b.unit = a.unit and (b.slot - a.slot + a.n_slots) % a.n_slots < a.width
    group by a.candidate_id, a.unit, a.slot
),
totals as (
    select candidate_id, count(*) as n_exchanges, count(distinct started_at::date) as n_days from candidate_features group by candidate_id
),
fixed as (
    select w.candidate_id, max(w.n) / min(t.n_exchanges) as fixed_share
    from windows as w
    join totals as t on t.candidate_id = w.candidate_id
    group by w.candidate_id
),
members as (
    select candidate_id, count(*) as n_accounts from candidate_members group by candidate_id
),
judged as (
    select
        m.candidate_id,
        m.n_accounts,
        coalesce(t.n_exchanges, 0) as n_exchanges,
        t.n_days,
        r.repeated_share,
        f.fixed_share,
        r.repeated_share >= 0.8 and f.fixed_share >= 0.8 and t.n_days >= 3 as is_explained
    from members as m
    left join totals as t on t.candidate_id = m.candidate_id
    left join repeated as r on r.candidate_id = m.candidate_id
    left join fixed as f on f.candidate_id = m.candidate_id
)
select
    candidate_id,
    case when is_explained then 'applies' when not is_explained then 'rebutted' else 'not_checkable' end as verdict,
    round(repeated_share, 6) as value,
    0.8::double as baseline,
    n_exchanges,
    n_accounts,
    concat(
        case
            when is_explained then 'The group is consistent with checks on a schedule: '
            when not is_explained then 'The group is not made of checks on a schedule: '
            else 'Whether the group is made of checks on a schedule cannot be settled: '
        end,
        array_to_string(
            [
                coalesce(format('{:.1f} % of its prompts recur on another day', 100 * repeated_share), case when is_explained is null then 'prompts are not known' end),
                coalesce(format('{:.1f} % of its requests fall to a fixed time of the day or hour', 100 * fixed_share), case when is_explained is null then 'times are not known' end),
                coalesce(format('it is active on {} days', n_days), case when is_explained is null then 'days are not known' end)
            ], ', '),
        '.') as statement
from judged
order by candidate_id;
