with sets as (
    select account_id, parameter_template, count(*) as n
    from exchange_features
    where parameter_template is not null
    group by account_id, parameter_template
),
accounts as (
    select
        account_id,
        sum(n)::bigint as n_exchanges,
        count(*) filter (where n >= 2) as n_sets,
        count(*) filter (where n >= 2) >= $min_sets and max(n) <= $max_top_share * sum(n) as is_varied
    from sets
    group by account_id
    having sum(n) >= $min_exchanges
),
log_totals as (
    select count(*) as n_accounts, count(*) filter (where is_varied) as n_varied from accounts
),
per_group as (
    select
        g.group_id,
        count(*) as n_accounts,
        count(*) filter (where a.is_varied) as n_varied,
        sum(a.n_exchanges)::bigint as n_exchanges,
        median(a.n_sets) as median_sets
    from group_accounts as g
    join accounts as a on a.account_id = g.account_id
    group by g.group_id
    having count(*) >= $min_accounts
),
judged as (
    select
        p.*,
        l.n_accounts - p.n_accounts as n_others,
        p.n_varied / nullif(p.n_accounts, 0) as share,
        (l.n_varied - p.n_varied) / nullif(l.n_accounts - p.n_accounts, 0) as share_of_others
    from per_group as p
    cross join log_totals as l
    where l.n_accounts - p.n_accounts >= $min_others
)
select
    group_id as entity_id,
    round(share, 6) >= round(greatest($min_share, share_of_others + $min_excess), 6) as is_fired,
    round(share, 6) as value,
    round(share_of_others, 6) as baseline,
    round(greatest($min_share, share_of_others + $min_excess), 6) as threshold,
    n_exchanges,
    n_accounts,
    n_varied,
    median_sets,
    n_others
from judged
order by entity_id
