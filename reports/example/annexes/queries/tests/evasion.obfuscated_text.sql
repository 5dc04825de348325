-- Prompts of a group carry invisible characters inside of words
create or replace temp view exchange_features as from read_parquet(['data/exchange_features.parquet']);
create or replace temp view exchanges as from read_parquet(['data/exchanges/part-000000.parquet']);
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
    select group_id from groups where n_accounts >= 20 and n_exchanges >= 100
),
marked as (
    select record_id
    from exchanges
    where account_id is not null
        and started_at is not null
        and (
            text_fingerprints.hides_characters
            or regexp_matches(left(prompt_text, 20000), '[A-Za-z][\x{200B}\x{200C}\x{200D}\x{2060}\x{FEFF}]+[A-Za-z]')
            or regexp_matches(left(system_text, 20000), '[A-Za-z][\x{200B}\x{200C}\x{200D}\x{2060}\x{FEFF}]+[A-Za-z]'))
),
log_totals as (
    select count(*) as n, count(m.record_id) as n_marked
    from exchange_features as e
    left join marked as m on m.record_id = e.record_id
),
per_group as (
    select
        g.group_id,
        count(*) as n,
        count(distinct g.account_id) as n_accounts,
        count(m.record_id) as n_marked,
        count(distinct g.account_id) filter (where m.record_id is not null) as n_marked_accounts
    from group_exchanges as g
    semi join large_groups as l on l.group_id = g.group_id
    left join marked as m on m.record_id = g.record_id
    group by g.group_id
),
judged as (
    select
        p.group_id,
        p.n,
        p.n_accounts,
        p.n_marked,
        p.n_marked_accounts,
        p.n_marked / nullif(p.n, 0) as share,
        (t.n_marked - p.n_marked) / nullif(t.n - p.n, 0) as share_in_rest
    from per_group as p
    cross join log_totals as t
)
select
    group_id as entity_id,
    round(share, 6) >= round(greatest(0.05, 5 * coalesce(share_in_rest, 0)), 6)
    and n_marked_accounts >= 5 as is_fired,
    round(share, 6) as value,
    round(share_in_rest, 6) as baseline,
    round(greatest(0.05, 5 * coalesce(share_in_rest, 0)), 6) as threshold,
    n as n_exchanges,
    n_accounts,
    n_marked,
    n_marked_accounts
from judged
order by entity_id;
