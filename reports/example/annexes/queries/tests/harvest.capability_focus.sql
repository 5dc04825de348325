-- A group's tasks are of one kind where the log's accounts have many
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
create or replace temp view all_group_accounts as select * from accounts_of_groups;
create or replace temp view exchange_features as from read_parquet(['data/exchange_features.parquet']);
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
with account_kinds as (
    select
        account_id,
        count(*) as n,
        count(*) filter (where n_tools > 0) as n_agent,
        count(*) filter (where coalesce(n_tools, 0) = 0 and list_contains(lexicon_marks, 'task_code')) as n_code,
        count(*) filter (
            where coalesce(n_tools, 0) = 0 and list_contains(lexicon_marks, 'task_math') and not list_contains(lexicon_marks, 'task_code')
        ) as n_math
    from exchange_features
    where lexicon_marks is not null or n_tools > 0
    group by account_id
    having count(*) >= 20
),
-- Every account counts alike, in millionths of its exchanges, so that sums are exact and members can be taken off.
account_shares as (
    select
        account_id,
        n_agent * 1000000 // nullif(n, 0) as agent,
        n_code * 1000000 // nullif(n, 0) as code,
        n_math * 1000000 // nullif(n, 0) as math
    from account_kinds
),
log_shares as (
    select count(*) as n, sum(agent)::bigint as agent, sum(code)::bigint as code, sum(math)::bigint as math from account_shares
),
large_groups as (
    select group_id, n_accounts
    from groups
    where n_accounts >= 20 and n_exchanges >= 200
),
members as (
    select a.group_id, count(*) as n, sum(s.agent)::bigint as agent, sum(s.code)::bigint as code, sum(s.math)::bigint as math
    from all_group_accounts as a
    semi join large_groups as g on g.group_id = a.group_id
    join account_shares as s on s.account_id = a.account_id
    group by a.group_id
),
inside as (
    select
        e.group_id,
        count(*) as n,
        count(*) filter (where e.n_tools > 0) / nullif(count(*), 0) as agent,
        count(*) filter (where coalesce(e.n_tools, 0) = 0 and list_contains(e.lexicon_marks, 'task_code')) / nullif(count(*), 0) as code,
        count(*) filter (
            where coalesce(e.n_tools, 0) = 0 and list_contains(e.lexicon_marks, 'task_math') and not list_contains(e.lexicon_marks, 'task_code')
        ) / nullif(count(*), 0) as math
    from group_exchanges as e
    semi join large_groups as g on g.group_id = e.group_id
    where e.lexicon_marks is not null or e.n_tools > 0
    group by e.group_id
    having count(*) >= 200
),
compared as (
    select
        i.group_id,
        i.n,
        l.n - coalesce(m.n, 0) as n_outside,
        unnest(['agent', 'code', 'math', 'other']) as kind,
        unnest([i.agent, i.code, i.math, greatest(1 - i.agent - i.code - i.math, 0)]) as p,
        unnest([
            (l.agent - coalesce(m.agent, 0)) / nullif((l.n - coalesce(m.n, 0)) * 1000000, 0),
            (l.code - coalesce(m.code, 0)) / nullif((l.n - coalesce(m.n, 0)) * 1000000, 0),
            (l.math - coalesce(m.math, 0)) / nullif((l.n - coalesce(m.n, 0)) * 1000000, 0),
            greatest(1 - (l.agent - coalesce(m.agent, 0) + l.code - coalesce(m.code, 0) + l.math - coalesce(m.math, 0))
                / nullif((l.n - coalesce(m.n, 0)) * 1000000, 0), 0)
        ]) as q
    from inside as i
    cross join log_shares as l
    left join members as m on m.group_id = i.group_id
    where l.n - coalesce(m.n, 0) >= 30
),
divergences as (
    select
        group_id,
        min(n) as n,
        min(n_outside) as n_outside,
        sum(coalesce(p * log2(nullif(2 * p / nullif(p + q, 0), 0)), 0) / 2 + coalesce(q * log2(nullif(2 * q / nullif(p + q, 0), 0)), 0) / 2
            order by kind) as divergence,
        arg_max(kind, (round(p - q, 6), round(p, 6), kind)) filter (where kind <> 'other') as focus,
        max(p) filter (where kind = 'agent') as agent,
        max(p) filter (where kind = 'code') as code,
        max(p) filter (where kind = 'math') as math
    from compared
    group by group_id
)
select
    d.group_id as entity_id,
    round(c.p, 6) >= round(greatest(0.8, c.q + 0.4), 6) and round(d.divergence, 6) >= 0.15 as is_fired,
    round(c.p, 6) as value,
    round(c.q, 6) as baseline,
    round(greatest(0.8, c.q + 0.4), 6)::double as threshold,
    d.n as n_exchanges,
    g.n_accounts,
    d.focus,
    round(greatest(d.divergence, 0), 6) as divergence_bits,
    d.agent as share_agent,
    d.code as share_code,
    d.math as share_math,
    d.n_outside as n_reference_accounts
from divergences as d
join compared as c on c.group_id = d.group_id and c.kind = d.focus
join large_groups as g on g.group_id = d.group_id
order by entity_id;
