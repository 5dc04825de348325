with left_out as (
    select g.group_id, min(t.tenth) as tenth
    from groups as g
    cross join (select unnest(range(10)) as tenth) as t
    anti join group_accounts as a on a.group_id = g.group_id and a.tenth = t.tenth
    group by g.group_id
),
-- In a stability run, the p-value without the tenth that is left out.
tested as (
    select
        w.group_id,
        w.view,
        w.statistic,
        w.null_q99,
        w.n_exchanges_tested,
        w.n_accounts_tested,
        w.n_tenants,
        w.p_among_tenants,
        w.excess,
        coalesce(w.p_without_tenth[l.tenth + 1], w.p_value) as p,
        count(*) over (partition by w.group_id) as n_views
    from window_tests as w
    semi join groups as g on g.group_id = w.group_id
    left join left_out as l on l.group_id = w.group_id
    where w.state = 'tested'
),
judged as (
    select
        *,
        round(least(1, n_views * p), 6) as p_of_views,
        round(least(1, n_views * p), 6) <= $max_p and (n_tenants < $min_tenants or p_among_tenants <= $max_p_among_tenants) as is_different
    from tested
),
clearest as (
    select *
    from judged
    qualify row_number() over (partition by group_id order by is_different desc, p, p_among_tenants, statistic desc, view) = 1
)
select
    group_id as entity_id,
    is_different as is_fired,
    p_of_views as value,
    p_among_tenants as baseline,
    $max_p::double as threshold,
    n_exchanges_tested as n_exchanges,
    n_accounts_tested as n_accounts,
    view,
    n_views,
    statistic,
    null_q99,
    n_tenants,
    excess
from clearest
order by entity_id
