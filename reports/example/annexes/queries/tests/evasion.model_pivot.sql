-- A group moves to a new model at once and stays
create or replace temp view exchange_features as from read_parquet(['data/exchange_features.parquet']);
create or replace temp view account_attributes as from read_parquet(['data/account_attributes.parquet']);
create or replace temp view account_profiles as from read_parquet(['data/account_profiles.parquet']);
create or replace temp view cluster_members as from read_parquet(['data/cluster_members.parquet']);
create or replace temp view templates as from read_parquet(['data/templates.parquet']);
create or replace temp table accounts_of_groups as
with members as (
    select a.value as group_id, a.account_id, a.n_exchanges
    from account_attributes as a
    semi join templates as t on t.template_id = a.value and t.kind = a.attribute and t.kind <> 'prompt' and t.n_accounts >= 10
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
create or replace temp view carried_exchanges as
select near_template as group_id, * from exchange_features where near_template is not null
union all
select pace_template as group_id, * from exchange_features where pace_template is not null
union all
select parameter_template as group_id, * from exchange_features where parameter_template is not null
union all
select passage_template as group_id, * from exchange_features where passage_template is not null
union all
select prefix_template as group_id, * from exchange_features where prefix_template is not null
union all
select suffix_template as group_id, * from exchange_features where suffix_template is not null
union all
select system_template as group_id, * from exchange_features where system_template is not null;
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
log_span as (
    select min(started_at) as begins_at from exchange_features
),
new_models as (
    select e.model, min(e.started_at) as first_seen
    from exchange_features as e
    cross join log_span as s
    where e.model is not null
    group by e.model
    having min(e.started_at) >= min(s.begins_at) + to_hours(48)
),
periods as (
    select model, first_seen, 'before' as period, first_seen - interval 7 days as begins_at, first_seen as ends_at from new_models
    union all
    select model, first_seen, 'window', first_seen, first_seen + to_hours(48) from new_models
    union all
    select model, first_seen, 'later', first_seen + to_hours(48), first_seen + to_hours(48) + interval 7 days from new_models
),
log_counts as (
    select
        p.model,
        p.period,
        count(*) as n,
        count(*) filter (where e.model = p.model) as n_on_model,
        count(distinct e.account_id) as n_accounts,
        count(distinct e.account_id) filter (where e.model = p.model) as n_accounts_on_model
    from periods as p
    join exchange_features as e on e.started_at >= p.begins_at and e.started_at < p.ends_at
    where e.model is not null
    group by p.model, p.period
),
group_counts as (
    select
        g.group_id,
        p.model,
        p.period,
        count(*) as n,
        count(*) filter (where g.model = p.model) as n_on_model,
        count(distinct g.account_id) as n_accounts,
        count(distinct g.account_id) filter (where g.model = p.model) as n_accounts_on_model,
        min(g.started_at) filter (where g.model = p.model) as moved_at
    from group_exchanges as g
    semi join large_groups using (group_id)
    join periods as p on g.started_at >= p.begins_at and g.started_at < p.ends_at
    where g.model is not null
    group by g.group_id, p.model, p.period
),
shares as (
    select
        g.group_id,
        g.model,
        g.period,
        g.n,
        g.n_accounts,
        g.moved_at,
        l.n_accounts_on_model - g.n_accounts_on_model as n_others_on_model,
        g.n_accounts_on_model / nullif(g.n_accounts, 0) as account_share,
        (l.n_accounts_on_model - g.n_accounts_on_model) / nullif(l.n_accounts - g.n_accounts, 0) as account_share_of_rest,
        g.n_on_model / nullif(g.n, 0) as share,
        (l.n_on_model - g.n_on_model) / nullif(l.n - g.n, 0) as share_of_rest
    from group_counts as g
    join log_counts as l on l.model = g.model and l.period = g.period
),
judged as (
    select
        w.group_id,
        w.model,
        m.first_seen,
        w.n,
        w.n_accounts,
        w.moved_at,
        w.share,
        coalesce(w.share_of_rest, 0) as share_of_rest,
        w.account_share,
        coalesce(w.account_share_of_rest, 0) as account_share_of_rest,
        case when a.n >= 100 / 2 then a.share - coalesce(a.share_of_rest, 0) end as excess_later,
        count(*) over (partition by w.group_id) as n_models
    from shares as w
    join new_models as m on m.model = w.model
    join shares as b on b.group_id = w.group_id and b.model = w.model and b.period = 'before'
    left join shares as a on a.group_id = w.group_id and a.model = w.model and a.period = 'later'
    where w.period = 'window'
        and w.n >= 100
        and b.n >= 100
        and w.n_accounts >= 20
        and w.n_others_on_model >= 5
),
chosen as (
    select
        group_id, model, first_seen, n, n_accounts, moved_at, share, share_of_rest, account_share, account_share_of_rest, excess_later, n_models
    from judged
    qualify row_number() over (partition by group_id order by share - share_of_rest desc, model) = 1
)
select
    group_id as entity_id,
    round(share, 6) >= round(greatest(0.5, share_of_rest + 0.3), 6)
    and round(account_share - account_share_of_rest, 6) >= 0.3
    and coalesce(round(excess_later, 6) >= round(0.5 * (share - share_of_rest), 6), true) as is_fired,
    round(share, 6) as value,
    round(share_of_rest, 6) as baseline,
    round(greatest(0.5, share_of_rest + 0.3), 6) as threshold,
    n as n_exchanges,
    n_accounts,
    model,
    first_seen,
    round((epoch_us(moved_at) - epoch_us(first_seen)) / 3600000000, 3) as hours_to_move,
    round(account_share, 6) as share_of_accounts,
    round(account_share_of_rest, 6) as share_of_other_accounts,
    round(excess_later, 6) as excess_later,
    n_models
from chosen
order by entity_id;
