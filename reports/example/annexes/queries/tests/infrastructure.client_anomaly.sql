-- The clients of a group are not what they claim, or far behind everybody else's
create or replace temp view account_profiles as from read_parquet(['data/account_profiles.parquet']);
create or replace temp view account_attributes as from read_parquet(['data/account_attributes.parquet']);
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
create or replace temp view all_group_accounts as select * from accounts_of_groups;
create or replace temp view customers as from read_parquet(['data/customers.parquet']);
create or replace temp view exchange_features as from read_parquet(['data/exchange_features.parquet']);
create or replace temp view group_accounts as select * from accounts_of_groups;
with uses as (
    select
        account_id,
        lower(user_agent) as user_agent,
        count(*) as n,
        count(*) filter (where coalesce(n_tools > 0, case when n_turns is not null then false end)) as n_with_tools,
        count(coalesce(n_tools > 0, case when n_turns is not null then false end)) as n_tools_known,
        count(*) filter (where is_stream) as n_streamed,
        count(is_stream) as n_stream_known
    from exchange_features
    where user_agent is not null
    group by account_id, lower(user_agent)
),
main_clients as (
    select
        u.account_id,
        u.user_agent,
        regexp_extract(u.user_agent, '^([a-z][a-z0-9_.-]*(?:/[a-z]+)?)[/ ]v?[0-9]+(?:\.[0-9]+)+', 1) as program,
        list_transform(
            string_split(regexp_extract(u.user_agent, '^[a-z][a-z0-9_.-]*(?:/[a-z]+)?[/ ]v?([0-9]{1,9}(?:\.[0-9]{1,9}){1,3})', 1), '.'),
            lambda part: try_cast(part as bigint)) as version,
        case when 2 * u.n_tools_known > u.n then case when 2 * u.n_with_tools > u.n_tools_known then 'tools' else 'no_tools' end end as tools_habit,
        case when 2 * u.n_stream_known > u.n then case when 2 * u.n_streamed > u.n_stream_known then 'stream' else 'no_stream' end end as stream_habit,
        exists(select 1 from unnest(['claude-cli/1.0.56%', 'claude-cli/1.0.57%', 'claude-cli/1.0.110 (external, cli, browser-fallback)', 'claude-cli/1.0.119%', 'claude-cli/2.0.52%', 'claude-cli/2.0.62%', 'claude-cli/2.1.220%', 'codex_cli_rs/1.0.0%', 'codex_cli_rs/0.144.5%']) as d(pattern) where u.user_agent like lower(d.pattern)) as is_pool_default
    from uses as u
    join account_profiles as p on p.account_id = u.account_id
    where u.n >= 0.5 * p.n_exchanges
    qualify row_number() over (partition by u.account_id order by u.n desc, u.user_agent) = 1
),
end_users as (
    select account_id, count(distinct end_user_id) >= 0.95 * count(*) as is_fresh
    from exchange_features
    where end_user_id is not null
    group by account_id
    having count(*) >= 20
),
-- One row per account and answer to a question; what an answer is compared with is asked within a program (or within all end users).
answers as (
    select account_id, program as among, 'version' as question, array_to_string(version, '.') as answer, version from main_clients where program <> ''
    union all
    select account_id, program, 'tools', tools_habit, null from main_clients where program <> '' and tools_habit is not null
    union all
    select account_id, program, 'stream', stream_habit, null from main_clients where program <> '' and stream_habit is not null
    union all
    select account_id, 'end users', 'end_users', case when is_fresh then 'fresh_end_users' else 'returning' end, null from end_users
),
answerable as (
    select distinct account_id from answers
),
members as (
    select g.group_id, g.account_id, p.n_exchanges, c.named_customer as tenant
    from group_accounts as g
    join account_profiles as p on p.account_id = g.account_id
    join customers as c on c.account_id = g.account_id
    semi join answerable as a on a.account_id = g.account_id
),
sizes as (
    select group_id, count(*) as n_accounts, sum(n_exchanges)::bigint as n_exchanges
    from members
    group by group_id
    having count(distinct tenant) >= 20
),
in_log as (
    select among, question, answer, any_version, count(*) as n
    from (select among, question, answer, version as any_version from answers)
    group by among, question, answer, any_version
),
-- All accounts of a group, left-out ones too, are taken off: the reference is the rest of the log in every repetition.
in_whole_group as (
    select g.group_id, a.among, a.question, a.answer, count(*) as n
    from all_group_accounts as g
    join answers as a on a.account_id = g.account_id
    semi join sizes as s on s.group_id = g.group_id
    group by g.group_id, a.among, a.question, a.answer
),
asked as (
    select distinct group_id, among, question from in_whole_group
),
outside as (
    select q.group_id, q.among, q.question, l.answer, l.any_version, l.n - coalesce(w.n, 0) as n
    from asked as q
    join in_log as l on l.among = q.among and l.question = q.question
    left join in_whole_group as w on w.group_id = q.group_id and w.among = l.among and w.question = l.question and w.answer = l.answer
),
ranked as (
    select
        group_id,
        among,
        question,
        answer,
        n as n_same,
        sum(n) over (partition by group_id, among, question)::bigint as n_outside,
        coalesce(sum(n) over (
            partition by group_id, among, question order by any_version
            range between unbounded preceding and current row), 0)::bigint as n_not_newer
    from outside
),
odd_answers as (
    select
        group_id,
        among,
        question,
        answer,
        case question when 'version' then 'old_version' else answer end as oddity,
        case question when 'version' then n_not_newer else n_same end as n_alike,
        n_outside
    from ranked
    where n_outside >= 20
        and case question
            when 'version' then n_outside - n_not_newer >= 0.8 * n_outside
            when 'end_users' then answer = 'fresh_end_users'
            else n_outside - n_same >= 0.8 * n_outside
        end
),
odd_accounts as (
    select m.group_id, o.oddity, o.among, m.account_id, o.n_alike, o.n_outside
    from members as m
    semi join sizes as s on s.group_id = m.group_id
    join answers as a on a.account_id = m.account_id
    join odd_answers as o on o.group_id = m.group_id and o.among = a.among and o.question = a.question and o.answer = a.answer
),
per_program as (
    select group_id, oddity, among, count(distinct account_id) as n, max(n_alike) as n_alike, max(n_outside) as n_outside
    from odd_accounts
    group by group_id, oddity, among
),
per_oddity as (
    select
        group_id,
        oddity,
        sum(n)::bigint as n_odd,
        arg_max(among, (n, among)) as program,
        max(n_alike / nullif(n_outside, 0)) as share_outside
    from per_program
    group by group_id, oddity
    qualify row_number() over (partition by group_id order by sum(n) desc, oddity) = 1
),
pool_defaults as (
    select m.group_id, count(*) as n
    from members as m
    semi join (select account_id from main_clients where is_pool_default) as c on c.account_id = m.account_id
    group by m.group_id
),
judgeable as (
    select distinct group_id from ranked where n_outside >= 20
)
select
    s.group_id as entity_id,
    round(coalesce(o.n_odd, 0) / nullif(s.n_accounts, 0), 6) >= round(greatest(0.5, coalesce(o.share_outside, 0) + 0.3), 6) as is_fired,
    round(coalesce(o.n_odd, 0) / nullif(s.n_accounts, 0), 6) as value,
    round(coalesce(o.share_outside, 0), 6) as baseline,
    round(greatest(0.5, coalesce(o.share_outside, 0) + 0.3), 6) as threshold,
    s.n_exchanges,
    s.n_accounts,
    o.oddity,
    o.program,
    coalesce(o.n_odd, 0) as n_odd_accounts,
    round(coalesce(d.n, 0) / nullif(s.n_accounts, 0), 6) as share_pool_default
from sizes as s
semi join judgeable as j on j.group_id = s.group_id
left join per_oddity as o on o.group_id = s.group_id
left join pool_defaults as d on d.group_id = s.group_id
order by entity_id;
