-- One account of a group stops where another begins
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
create or replace temp view group_accounts as select * from accounts_of_groups;
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
with groups_judged as (
    select group_id, count(*) as n_accounts
    from group_accounts
    group by group_id
    having count(*) filter (where n_exchanges >= 5) >= 20
),
-- The busiest days up to a number of exchanges: hand-overs show on any of them, and the cost stays bounded.
group_days as (
    select g.group_id, e.started_at::date as day, count(*) as n, min(g.n_accounts) as n_accounts
    from group_exchanges as e
    join groups_judged as g on g.group_id = e.group_id
    group by g.group_id, e.started_at::date
),
used_days as (
    select group_id, day, n, n_accounts
    from group_days
    qualify coalesce(sum(n) over (partition by group_id order by n desc, day rows between unbounded preceding and 1 preceding), 0)
        < greatest(200000, 20 * n_accounts)
),
-- One row per beginning and end of a stretch of five or more: the rows at which the fifth exchange in a row is reached, and the last ones.
-- Interleaved groups, however large, leave next to nothing to be kept.
neighbours as (
    select
        e.group_id,
        e.account_id,
        e.started_at,
        e.status in ('limited', 'error', 'blocked') as is_failed,
        row_number() over turn as position,
        lag(e.started_at, 4) over turn as fifth_started_at,
        e.account_id = lag(e.account_id, 1) over turn
        and e.account_id = lag(e.account_id, 2) over turn
        and e.account_id = lag(e.account_id, 3) over turn
        and e.account_id = lag(e.account_id, 4) over turn as is_in_stretch,
        e.account_id is distinct from lag(e.account_id, 5) over turn as is_fifth,
        e.account_id is distinct from lead(e.account_id, 1) over turn as is_last
    from group_exchanges as e
    join used_days as d on d.group_id = e.group_id and d.day = e.started_at::date
    window turn as (partition by e.group_id order by e.started_at, e.record_id)
),
beginnings as (
    select group_id, account_id, position - 4 as position, fifth_started_at as begins_at,
        row_number() over (partition by group_id order by position) as stretch
    from neighbours
    where is_in_stretch and is_fifth
),
ends as (
    select group_id, position, started_at as ends_at, is_failed as is_failed_at_end,
        row_number() over (partition by group_id order by position) as stretch
    from neighbours
    where is_in_stretch and is_last
),
stretches as (
    select
        b.group_id,
        b.stretch,
        b.account_id,
        e.position - b.position + 1 as n,
        b.begins_at,
        e.ends_at,
        e.is_failed_at_end,
        lead(b.account_id) over next as next_account,
        epoch(lead(b.begins_at) over next) - epoch(e.ends_at) as gap_s
    from beginnings as b
    join ends as e on e.group_id = b.group_id and e.stretch = b.stretch
    window next as (partition by b.group_id order by b.stretch)
),
group_spans as (
    select e.group_id, min(d.n_accounts) as n_accounts, count(*) as n, epoch(max(e.started_at)) - epoch(min(e.started_at)) as span_s
    from group_exchanges as e
    join used_days as d on d.group_id = e.group_id and d.day = e.started_at::date
    group by e.group_id
),
measured as (
    select
        s.group_id,
        count(*) as n_stretches,
        sum(s.n)::bigint as n_in_stretches,
        median(s.n) as median_stretch,
        count(*) filter (where s.next_account <> s.account_id) as n_changes,
        count(*) filter (where s.next_account <> s.account_id and s.gap_s <= 120) as n_relieved,
        count(distinct s.account_id) filter (where s.next_account <> s.account_id and s.gap_s <= 120) as n_accounts_relieved,
        sum(s.n) filter (where s.next_account <> s.account_id and s.gap_s <= 120)::bigint as n_in_relieved,
        median(s.gap_s) filter (where s.next_account <> s.account_id) as median_gap_s,
        sum(epoch(s.ends_at) - epoch(s.begins_at) + case when s.gap_s <= 120 then s.gap_s else 0 end order by s.stretch) as covered_s,
        count(*) filter (where s.next_account <> s.account_id and s.gap_s <= 120 and s.is_failed_at_end)
            / nullif(count(s.is_failed_at_end) filter (where s.next_account <> s.account_id and s.gap_s <= 120), 0) as share_after_limit
    from stretches as s
    group by s.group_id
),
-- If stretches began independently at their mean rate, a gap would be below g seconds with probability 1 - exp(-rate g).
judged as (
    select
        g.group_id,
        g.n_accounts,
        g.n,
        m.median_stretch,
        coalesce(m.n_changes, 0) as n_changes,
        coalesce(m.n_relieved, 0) as n_relieved,
        coalesce(m.n_accounts_relieved, 0) as n_accounts_relieved,
        m.median_gap_s,
        case when m.covered_s is not null then least(m.covered_s / nullif(g.span_s, 0), 1) end as coverage,
        m.share_after_limit,
        coalesce(m.n_in_stretches, 0) / nullif(g.n, 0) as share_in_stretches,
        coalesce(m.n_in_relieved, 0) / nullif(g.n, 0) as share_relieved,
        coalesce(m.n_in_stretches / nullif(g.n, 0) * (1 - exp(-m.n_stretches / nullif(g.span_s, 0) * 120)), 0) as share_expected
    from group_spans as g
    left join measured as m on m.group_id = g.group_id
)
select
    group_id as entity_id,
    round(share_relieved, 6) >= round(greatest(0.4, 3 * share_expected), 6)
    and n_changes >= 20
    and n_accounts_relieved >= 20 as is_fired,
    round(share_relieved, 6) as value,
    round(share_expected, 6) as baseline,
    round(greatest(0.4, 3 * share_expected), 6) as threshold,
    n as n_exchanges,
    n_accounts,
    round(share_in_stretches, 6) as share_in_stretches,
    n_changes,
    n_relieved,
    median_stretch,
    round(median_gap_s, 3) as median_gap_s,
    round(coverage, 6) as coverage,
    round(share_after_limit, 6) as share_after_limit
from judged
order by entity_id;
