with account_schemas as (
    select account_id, tools_sha256, count(*) as n
    from exchange_features
    where tools_sha256 is not null
    group by account_id, tools_sha256
),
account_totals as (
    select account_id, sum(n)::bigint as n from account_schemas group by account_id having sum(n) >= $sample_size
),
-- A set seen n times out of N is among m random exchanges with probability 1 - (1 - m / N) ^ n.
accounts as (
    select s.account_id, t.n, round(sum(1 - pow(1 - $sample_size / nullif(t.n, 0), s.n) order by s.n), 3) as n_different
    from account_schemas as s
    join account_totals as t on t.account_id = s.account_id
    group by s.account_id, t.n
),
large_groups as (
    select group_id from groups where kind <> 'prompt' and n_accounts >= $min_accounts and n_exchanges >= $min_exchanges
),
measured as (
    select a.group_id, median(c.n_different) as n_different, count(*) as n_accounts
    from group_accounts as a
    semi join large_groups as g on g.group_id = a.group_id
    join accounts as c on c.account_id = a.account_id
    group by a.group_id
    having count(*) >= $min_accounts
),
group_schemas as (
    select e.group_id, e.tools_sha256, count(*) as n, count(distinct e.account_id) as n_accounts
    from group_exchanges as e
    semi join measured as m on m.group_id = e.group_id
    where e.tools_sha256 is not null
    group by e.group_id, e.tools_sha256
),
schemas as (
    select group_id, sum(n)::bigint as n_exchanges, count(*) as n_schemas, max(n_accounts) as widest
    from group_schemas
    group by group_id
    having sum(n) >= $min_exchanges
),
outside as (
    select m.group_id, median(c.n_different) as middle, quantile_cont(c.n_different, $quantile) as upper_end, count(*) as n_accounts
    from measured as m
    cross join (select account_id, n_different from accounts order by md5(account_id), account_id limit $n_reference_accounts) as c
    anti join all_group_accounts as a on a.group_id = m.group_id and a.account_id = c.account_id
    group by m.group_id
    having count(*) >= $min_reference_accounts
)
select
    m.group_id as entity_id,
    round(m.n_different, 6) >= round(greatest(o.upper_end, $min_lift * o.middle), 6) and s.n_schemas >= $min_schemas as is_fired,
    m.n_different as value,
    o.middle as baseline,
    greatest(o.upper_end, $min_lift * o.middle)::double as threshold,
    s.n_exchanges,
    m.n_accounts,
    s.n_schemas,
    s.n_exchanges / nullif(s.n_schemas, 0) as calls_per_schema,
    s.widest as widest_schema_accounts,
    o.n_accounts as n_reference_accounts
from measured as m
join schemas as s on s.group_id = m.group_id
join outside as o on o.group_id = m.group_id
order by entity_id
