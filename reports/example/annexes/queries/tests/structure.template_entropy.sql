-- Accounts that belong together ask within few frames
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
select mark_template as group_id, * from exchange_features where mark_template is not null
union all
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
select system_template as group_id, * from exchange_features where system_template is not null
union all
select varied_template as group_id, * from exchange_features where varied_template is not null;
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
    select group_id from groups where kind in ('cluster', 'parameters') and n_accounts >= 20 and n_exchanges >= 200
),
sampled as (
    select account_id
    from exchange_features
    group by account_id
    having count(*) >= 5
    order by md5(account_id), account_id
    limit 2000
),
-- The sample of the log is one more group, under the empty name.
carried as (
    select e.group_id, e.account_id, e.prefix_template, e.suffix_template
    from group_exchanges as e
    semi join large_groups as g on g.group_id = e.group_id
    union all
    select '', e.account_id, e.prefix_template, e.suffix_template
    from exchange_features as e
    semi join sampled as s on s.account_id = e.account_id
),
account_totals as (
    select group_id, account_id, count(*) as n from carried group by group_id, account_id having count(*) >= 5
),
group_totals as (
    select group_id, count(*) as n_accounts, sum(n)::bigint as n_exchanges
    from account_totals
    group by group_id
    having count(*) >= 20 and sum(n) >= 200
),
uses as (
    select group_id, account_id, 'prefix' as kind, prefix_template as template_id, count(*) as n
    from carried where prefix_template is not null group by group_id, account_id, prefix_template
    union all
    select group_id, account_id, 'suffix', suffix_template, count(*)
    from carried where suffix_template is not null group by group_id, account_id, suffix_template
),
-- Shares in millionths: whole numbers add up to the same sum in any order.
shares as (
    select u.group_id, u.kind, u.template_id, u.n * 1000000 // nullif(t.n, 0) as share
    from uses as u
    semi join templates as p on p.template_id = u.template_id
    join account_totals as t on t.group_id = u.group_id and t.account_id = u.account_id
),
frames as (
    select group_id, kind, template_id, sum(share)::bigint as total, sum(share::hugeint * share) as squares
    from shares
    group by group_id, kind, template_id
),
kinds as (
    select
        f.group_id,
        f.kind,
        sum(f.total::hugeint * f.total - f.squares) / nullif(min(g.n_accounts) * (min(g.n_accounts) - 1), 0) / 1e12 as agreement,
        arg_max(f.template_id, (f.total, f.template_id)) as leading_frame,
        max(f.total) / nullif(min(g.n_accounts) * 1000000, 0) as leading_share
    from frames as f
    join group_totals as g on g.group_id = f.group_id
    group by f.group_id, f.kind
),
leaders as (
    select group_id, kind, sum(total)::bigint as total
    from (
        select group_id, kind, total
        from frames
        qualify row_number() over (partition by group_id, kind order by total desc, template_id) <= 3
    ) as three
    group by group_id, kind
),
judged as (
    select k.*, coalesce(l.agreement, 0) as log_agreement
    from kinds as k
    left join kinds as l on l.group_id = '' and l.kind = k.kind
    where k.group_id <> ''
    qualify row_number() over (partition by k.group_id order by k.agreement desc, k.kind) = 1
)
select
    g.group_id as entity_id,
    coalesce(round(j.agreement, 6) >= round(greatest(0.25, 3 * j.log_agreement), 6), false) as is_fired,
    coalesce(round(j.agreement, 6), 0)::double as value,
    coalesce(round(j.log_agreement, 6), 0)::double as baseline,
    round(greatest(0.25, 3 * coalesce(j.log_agreement, 0)), 6)::double as threshold,
    g.n_exchanges,
    g.n_accounts,
    -log2(nullif(j.agreement, 0)) as entropy_bits,
    -log2(nullif(j.log_agreement, 0)) as log_entropy_bits,
    j.kind as frame_kind,
    j.leading_frame,
    round(j.leading_share, 6) as leading_share,
    round(l.total / nullif(g.n_accounts * 1000000, 0), 6) as top_3_share
from group_totals as g
left join judged as j on j.group_id = g.group_id
left join leaders as l on l.group_id = j.group_id and l.kind = j.kind
where g.group_id <> ''
order by entity_id;
