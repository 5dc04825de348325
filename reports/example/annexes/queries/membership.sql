-- Why each account is in its campaign: ties to other members, members with two kinds of identity in common, requests of the common kind
create or replace temp view accounts as from read_parquet(['findings/accounts.parquet']);
create or replace temp view campaigns as from read_parquet(['findings/campaigns.parquet']);
create or replace temp view work_ties as from read_parquet(['data/work_ties.parquet']);
create or replace temp view shared_values as from read_parquet(['data/shared_values.parquet']);
create or replace temp view template_exchanges as from read_parquet(['data/template_exchanges.parquet']);
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
)
select
    m.campaign_id, m.account_id, coalesce(t.n_ties, 0) as n_ties, coalesce(t.n_partners, 0) as n_partners,
    coalesce(a.n_alike, 0) as n_alike, coalesce(c.n_requests, 0) as n_common_requests
from members as m
left join tied as t on t.campaign_id = m.campaign_id and t.account_id = m.account_id
left join alike as a on a.campaign_id = m.campaign_id and a.account_id = m.account_id
left join common as c on c.campaign_id = m.campaign_id and c.account_id = m.account_id
order by m.campaign_id, m.account_id;
