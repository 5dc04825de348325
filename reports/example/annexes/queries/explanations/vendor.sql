-- A vendor that works with its customers' accounts
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
create or replace temp view account_profiles as from read_parquet(['data/account_profiles.parquet']);
with members as (
    select m.candidate_id, m.account_id, p.payment_fingerprint, p.created_at::date as signed_up_on
    from candidate_members as m
    left join account_profiles as p on p.account_id = m.account_id
),
sizes as (
    select
        candidate_id,
        count(*) as n_accounts,
        count(payment_fingerprint) as n_paid,
        count(distinct payment_fingerprint) as n_payers,
        count(signed_up_on) as n_signed_up
    from members
    group by candidate_id
),
days as (
    select candidate_id, max(n) as n_largest
    from (select candidate_id, signed_up_on, count(*) as n from members where signed_up_on is not null group by candidate_id, signed_up_on)
    group by candidate_id
),
totals as (
    select candidate_id, count(*) as n_exchanges from candidate_exchanges group by candidate_id
),
measured as (
    select
        s.candidate_id,
        s.n_accounts,
        coalesce(t.n_exchanges, 0) as n_exchanges,
        case when s.n_paid >= 0.5 * s.n_accounts then s.n_payers / s.n_paid end as payer_share,
        case when s.n_signed_up >= 0.5 * s.n_accounts then d.n_largest / s.n_signed_up end as signup_share
    from sizes as s
    left join days as d on d.candidate_id = s.candidate_id
    left join totals as t on t.candidate_id = s.candidate_id
),
judged as (
    select *, payer_share >= 0.8 and signup_share <= 0.2 as is_partly from measured
)
select
    candidate_id,
    case when is_partly then 'partly' when not is_partly then 'rebutted' else 'not_checkable' end as verdict,
    round(payer_share, 6) as value,
    0.8::double as baseline,
    n_exchanges,
    n_accounts,
    concat(
        case
            when is_partly then 'The group is consistent with independent customers, as those of one vendor are, and the members of a class: '
            when not is_partly then 'The accounts are not those of independent customers: '
            else 'Whether the accounts belong to independent customers of one vendor cannot be settled: '
        end,
        array_to_string(
            [
                coalesce(format('{:.1f} payment methods per 100 accounts', 100 * payer_share), case when is_partly is null then 'payment methods are not known' end),
                coalesce(format('at most {:.1f} % signed up on one day', 100 * signup_share), case when is_partly is null then 'sign-ups are not known' end)
            ], ', '),
        '.') as statement
from judged
order by candidate_id;
