with large_groups as (
    select group_id from groups where n_accounts >= $min_accounts and n_exchanges >= $min_exchanges
),
marked as (
    select record_id
    from exchanges
    where account_id is not null
        and started_at is not null
        and (
            regexp_matches(left(prompt_text, $read_chars), '[A-Za-z][\x{200B}\x{200C}\x{200D}\x{2060}\x{FEFF}]+[A-Za-z]')
            or regexp_matches(left(system_text, $read_chars), '[A-Za-z][\x{200B}\x{200C}\x{200D}\x{2060}\x{FEFF}]+[A-Za-z]'))
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
    round(share, 6) >= round(greatest($min_share, $min_lift * coalesce(share_in_rest, 0)), 6)
    and n_marked_accounts >= $min_marked_accounts as is_fired,
    round(share, 6) as value,
    round(share_in_rest, 6) as baseline,
    round(greatest($min_share, $min_lift * coalesce(share_in_rest, 0)), 6) as threshold,
    n as n_exchanges,
    n_accounts,
    n_marked,
    n_marked_accounts
from judged
order by entity_id
