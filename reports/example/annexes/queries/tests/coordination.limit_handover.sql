-- When a call of one account fails, another account of the group goes on at once
create or replace temp view customers as from read_parquet(['data/customers.parquet']);
create or replace temp view account_attributes as from read_parquet(['data/account_attributes.parquet']);
create or replace temp view account_profiles as from read_parquet(['data/account_profiles.parquet']);
create or replace temp view cluster_members as from read_parquet(['data/cluster_members.parquet']);
create or replace temp view templates as from read_parquet(['data/templates.parquet']);
create or replace temp table accounts_of_groups as
with members as (
    select a.value as group_id, a.account_id, a.n_exchanges
    from account_attributes as a
    semi join templates as t on t.template_id = a.value and t.kind = a.attribute and t.n_accounts >= 10
    union all
    select m.cluster_id, m.account_id, p.n_exchanges
    from cluster_members as m
    join account_profiles as p on p.account_id = m.account_id
    qualify count(*) over (partition by m.cluster_id) >= 10
)
select
    group_id,
    account_id,
    n_exchanges
from members
order by group_id, account_id;
create or replace temp view exchange_features as from read_parquet(['data/exchange_features.parquet']);
create or replace temp view carried_exchanges as
select system_template as group_id, * from exchange_features where system_template is not null
union all
select prefix_template as group_id, * from exchange_features where prefix_template is not null
union all
select suffix_template as group_id, * from exchange_features where suffix_template is not null
union all
select near_template as group_id, * from exchange_features where near_template is not null
union all
select passage_template as group_id, * from exchange_features where passage_template is not null
union all
select case when coalesce(prompt_chars, 16) >= 16 then 'prompt:' || prompt_hash end as group_id, * from exchange_features where case when coalesce(prompt_chars, 16) >= 16 then 'prompt:' || prompt_hash end is not null
union all
select parameter_template as group_id, * from exchange_features where parameter_template is not null
union all
select program_template as group_id, * from exchange_features where program_template is not null
union all
select pace_template as group_id, * from exchange_features where pace_template is not null
union all
select varied_template as group_id, * from exchange_features where varied_template is not null
union all
select mark_template as group_id, * from exchange_features where mark_template is not null;
create or replace temp view stored_group_exchanges as
select carried.*
from carried_exchanges as carried
semi join accounts_of_groups as a on a.group_id = carried.group_id
union all
select a.group_id, e.*
from exchange_features as e
join accounts_of_groups as a on a.account_id = e.account_id
where starts_with(a.group_id, 'cluster:');
create or replace temp view group_exchanges as select * from stored_group_exchanges;
create or replace temp view group_accounts as select * from accounts_of_groups;
create or replace temp table groups as
select
    group_id,
    split_part(group_id, ':', 1) as kind,
    sum(n_exchanges)::bigint as n_exchanges,
    count(*) as n_accounts
from group_accounts
group by group_id;
with large_groups as (
    select group_id from groups where n_accounts >= 20
),
calls as (
    select
        e.group_id,
        e.record_id,
        e.account_id,
        h.customer as holder,
        epoch_us(e.started_at) as at_us,
        coalesce(e.status in ('limited', 'error', 'blocked'), false) as is_failed
    from group_exchanges as e
    semi join large_groups as g on g.group_id = e.group_id
    join customers as h on h.account_id = e.account_id
),
failed as (
    select group_id, record_id, account_id, holder, at_us
    from calls
    where is_failed
    qualify count(*) over (partition by group_id) >= 20
),
-- The moment of the failure and, as its control, the same stretch of time in the minutes around it.
probes as (
    select group_id, record_id, account_id, holder, at_us + shift * 1000000 as at_us, shift = 0 as is_failure, shift
    from (select group_id, record_id, account_id, holder, at_us, unnest([0, -300, -240, -180, -120, 120, 180, 240, 300]) as shift from failed)
),
-- Buckets of the window's length keep the join one of equal columns: a stretch lies in its bucket and the next.
bucketed as (
    select group_id, record_id, account_id, holder, at_us, is_failure, shift, unnest([at_us // (15 * 1000000), at_us // (15 * 1000000) + 1]) as bucket
    from probes
),
-- What follows a successful call: accounts that all react to one event call together, failed or not.
following as (
    select
        group_id,
        is_failed,
        coalesce(
            lead(holder) over turn <> holder and lead(at_us) over turn - at_us <= 15 * 1000000
            or lead(holder, 2) over turn <> holder and lead(at_us, 2) over turn - at_us <= 15 * 1000000,
            false) as is_handed
    from calls
    semi join failed using (group_id)
    window turn as (partition by group_id order by at_us, record_id)
),
after_success as (
    select group_id, count(*) filter (where is_handed) / nullif(count(*), 0) as share
    from following
    where not is_failed
    group by group_id
),
used_calls as (
    select c.group_id, c.record_id, c.holder, c.at_us, c.at_us // (15 * 1000000) as bucket
    from calls as c
    semi join failed as f on f.group_id = c.group_id
),
met as (
    select
        p.group_id,
        p.record_id,
        p.shift,
        bool_or(c.holder <> p.holder) as is_handed,
        bool_or(c.holder = p.holder) as is_same
    from bucketed as p
    join used_calls as c
        on c.group_id = p.group_id and c.bucket = p.bucket and c.at_us >= p.at_us and c.at_us <= p.at_us + 15 * 1000000
        and (c.record_id <> p.record_id or not p.is_failure)
    group by p.group_id, p.record_id, p.shift
),
measured as (
    select
        p.group_id,
        count(*) filter (where p.is_failure) as n_failed,
        count(distinct p.account_id) as n_failed_accounts,
        count(distinct p.holder) as n_failed_holders,
        count(*) filter (where p.is_failure and m.is_handed) / nullif(count(*) filter (where p.is_failure), 0) as share_handed,
        count(*) filter (where p.is_failure and m.is_same) / nullif(count(*) filter (where p.is_failure), 0) as share_same,
        count(*) filter (where not p.is_failure and m.is_handed) / nullif(count(*) filter (where not p.is_failure), 0) as share_around
    from probes as p
    left join met as m on m.group_id = p.group_id and m.record_id = p.record_id and m.shift = p.shift
    group by p.group_id
),
with_chance as (
    select
        m.group_id,
        m.n_failed,
        m.n_failed_accounts,
        m.n_failed_holders,
        m.share_handed,
        m.share_same,
        m.share_around,
        coalesce(s.share, 0) as share_after_success,
        greatest(m.share_around, coalesce(s.share, 0)) as share_by_chance
    from measured as m
    left join after_success as s on s.group_id = m.group_id
),
judged as (
    select
        group_id,
        n_failed,
        n_failed_accounts,
        n_failed_holders,
        share_handed,
        share_same,
        share_around,
        share_after_success,
        share_by_chance,
        round((share_handed - share_by_chance) / nullif(1 - share_by_chance, 0), 6) as excess
    from with_chance
    where n_failed_holders >= 10
        and round(share_by_chance, 6) <= 0.7
        -- The standard error of a share that is chance alone, in units of what chance leaves.
        and round(sqrt(share_by_chance / nullif(n_failed * (1 - share_by_chance), 0)), 6) <= 0.2
)
select
    group_id as entity_id,
    excess >= 0.4 and round(share_same, 6) <= 0.5 as is_fired,
    excess as value,
    0.0::double as baseline,
    0.4::double as threshold,
    n_failed as n_exchanges,
    n_failed_accounts as n_accounts,
    round(share_handed, 6) as share_handed,
    round(share_by_chance, 6) as share_by_chance,
    round(share_around, 6) as share_around,
    round(share_after_success, 6) as share_after_success,
    round(share_same, 6) as share_same,
    n_failed_holders
from judged
order by entity_id;
