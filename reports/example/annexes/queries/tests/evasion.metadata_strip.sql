-- The accounts of a group lack metadata that nearly everybody else sends
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
create or replace temp view all_group_accounts as select * from accounts_of_groups;
create or replace temp view customers as from read_parquet(['data/customers.parquet']);
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
with carried as (
    select
        account_id,
        source_format,
        count(*) as n,
        count(user_agent) as n_user_agent,
        count(end_user_id) as n_end_user,
        count(session_id) as n_session,
        count(client_country) as n_country,
        count(project_id) as n_project
    from exchange_features
    where source_format is not null and coalesce(operation, 'chat') in ('chat', 'completion', 'responses')
    group by account_id, source_format
    having count(*) >= 5
),
-- One row per account, format and field: is it lacking?
fields as (
    select
        account_id,
        source_format,
        unnest(['user_agent', 'end_user_id', 'session_id', 'client_country', 'project_id']) as field,
        unnest([n_user_agent, n_end_user, n_session, n_country, n_project]) <= 0.1 * n as is_lacking
    from carried
),
in_log as (
    select source_format, field, count(*) as n, count(*) filter (where is_lacking) as n_lacking
    from fields
    group by source_format, field
),
-- Inside of the group its own exchanges are looked at, so that other traffic of the same accounts does not fill the gaps.
carried_in_group as (
    select
        e.group_id,
        e.account_id,
        e.source_format,
        min(c.named_customer) as tenant,
        count(*) as n,
        count(e.user_agent) as n_user_agent,
        count(e.end_user_id) as n_end_user,
        count(e.session_id) as n_session,
        count(e.client_country) as n_country,
        count(e.project_id) as n_project
    from group_exchanges as e
    semi join groups as g on g.group_id = e.group_id and g.n_accounts >= 20
    join customers as c on c.account_id = e.account_id
    where e.source_format is not null and coalesce(e.operation, 'chat') in ('chat', 'completion', 'responses')
    group by e.group_id, e.account_id, e.source_format
    having count(*) >= 5
),
tenants as (
    select group_id, source_format
    from carried_in_group
    group by group_id, source_format
    having count(distinct tenant) >= 20
),
fields_in_group as (
    select
        group_id,
        account_id,
        source_format,
        n,
        unnest(['user_agent', 'end_user_id', 'session_id', 'client_country', 'project_id']) as field,
        unnest([n_user_agent, n_end_user, n_session, n_country, n_project]) <= 0.1 * n as is_lacking
    from carried_in_group
    semi join tenants using (group_id, source_format)
),
in_whole_group as (
    select g.group_id, f.source_format, f.field, count(*) as n, count(*) filter (where f.is_lacking) as n_lacking
    from all_group_accounts as g
    join fields as f on f.account_id = g.account_id
    semi join tenants as t on t.group_id = g.group_id and t.source_format = f.source_format
    group by g.group_id, f.source_format, f.field
),
usual_fields as (
    select
        g.group_id,
        g.source_format,
        g.field,
        (l.n_lacking - g.n_lacking) / nullif(l.n - g.n, 0) as share_lacking
    from in_whole_group as g
    join in_log as l on l.source_format = g.source_format and l.field = g.field
    where l.n - g.n >= 30
        and (l.n - g.n) - (l.n_lacking - g.n_lacking) >= 0.9 * (l.n - g.n)
),
asked as (
    select group_id, source_format
    from usual_fields
    group by group_id, source_format
    having count(*) >= 2
),
lacking as (
    select f.group_id, f.source_format, f.account_id, f.n, f.field, f.is_lacking, u.share_lacking
    from fields_in_group as f
    join usual_fields as u on u.group_id = f.group_id and u.source_format = f.source_format and u.field = f.field
    semi join asked as a on a.group_id = f.group_id and a.source_format = f.source_format
),
per_account as (
    select group_id, source_format, account_id, min(n) as n, count(*) filter (where is_lacking) >= 2 as is_stripped
    from lacking
    group by group_id, source_format, account_id
),
per_format as (
    select
        group_id,
        source_format,
        count(*) as n_accounts,
        sum(n)::bigint as n_exchanges,
        count(*) filter (where is_stripped) as n_stripped
    from per_account
    group by group_id, source_format
    qualify row_number() over (partition by group_id order by count(*) filter (where is_stripped) desc, count(*) desc, source_format) = 1
),
missing_fields as (
    select group_id, source_format, list(field order by field) as fields, min(share_lacking) as share_lacking
    from (
        select group_id, source_format, field, min(share_lacking) as share_lacking
        from lacking
        group by group_id, source_format, field
        having count(*) filter (where is_lacking) * 2 > count(*)
    )
    group by group_id, source_format
)
select
    p.group_id as entity_id,
    round(p.n_stripped / nullif(p.n_accounts, 0), 6) >= 0.5 as is_fired,
    round(p.n_stripped / nullif(p.n_accounts, 0), 6) as value,
    round(coalesce(m.share_lacking, 0), 6) as baseline,
    0.5::double as threshold,
    p.n_exchanges,
    p.n_accounts,
    coalesce(m.fields, []) as fields,
    p.source_format,
    p.n_stripped as n_stripped_accounts
from per_format as p
left join missing_fields as m on m.group_id = p.group_id and m.source_format = p.source_format
order by entity_id;
