with long_sessions as (
    select session_id from exchange_features where session_id is not null group by session_id having count(*) > 1
),
accounts as (
    select
        e.account_id,
        count(*) filter (where coalesce(e.n_turns, 0) <= $max_first_turns and s.session_id is null) / nullif(count(*), 0) as share
    from exchange_features as e
    left join long_sessions as s on s.session_id = e.session_id
    where e.n_turns is not null or e.session_id is not null
    group by e.account_id
    having count(*) >= $min_reference_exchanges
    order by md5(e.account_id), e.account_id
    limit $n_reference_accounts
),
large_groups as (
    select group_id, n_accounts
    from groups
    where kind <> 'prompt' and n_accounts >= $min_accounts and n_exchanges >= $min_exchanges
),
measured as (
    select
        e.group_id,
        count(*) as n,
        count(*) filter (where coalesce(e.n_turns, 0) <= $max_first_turns and s.session_id is null) / nullif(count(*), 0) as share,
        median(e.n_turns) as median_turns,
        count(e.session_id) / nullif(count(*), 0) as share_with_session
    from group_exchanges as e
    semi join large_groups as g on g.group_id = e.group_id
    left join long_sessions as s on s.session_id = e.session_id
    where e.n_turns is not null or e.session_id is not null
    group by e.group_id
    having count(*) >= $min_exchanges
),
outside as (
    select m.group_id, median(a.share) as share, count(*) as n_accounts
    from measured as m
    cross join accounts as a
    anti join all_group_accounts as g on g.group_id = m.group_id and g.account_id = a.account_id
    group by m.group_id
    having count(*) >= $min_reference_accounts
)
select
    m.group_id as entity_id,
    round(m.share, 6) >= round(greatest($min_share, 1 - (1 - o.share) / nullif($min_lift, 0)), 6)
    and round(1 - o.share, 6) >= $min_rest_follow_ups as is_fired,
    m.share as value,
    o.share as baseline,
    greatest($min_share, 1 - (1 - o.share) / nullif($min_lift, 0))::double as threshold,
    m.n as n_exchanges,
    g.n_accounts,
    m.median_turns,
    m.share_with_session,
    o.n_accounts as n_reference_accounts
from measured as m
join large_groups as g on g.group_id = m.group_id
join outside as o on o.group_id = m.group_id
order by entity_id
