with passages as (
    select group_id, n_accounts
    from groups
    where kind = 'passage' and n_accounts >= $min_accounts and n_exchanges >= $min_exchanges
),
carriers as (
    select
        g.group_id,
        g.account_id,
        g.n_exchanges as n_carrying,
        p.n_exchanges,
        g.n_exchanges / nullif(p.n_exchanges, 0) as share,
        coalesce('tenant ' || p.tenant_id, 'account ' || p.account_id) as customer
    from group_accounts as g
    semi join passages as s on s.group_id = g.group_id
    join account_profiles as p on p.account_id = g.account_id
    where g.n_exchanges >= $min_uses
),
customers as (
    select group_id, customer, count(*) as n from carriers group by group_id, customer
),
largest as (
    select group_id, max(n) as n_largest, count(*) as n_customers from customers group by group_id
),
carried as (
    select group_id, sum(n_exchanges)::bigint as n from group_accounts group by group_id
),
measured as (
    select
        c.group_id,
        count(*) as n_carriers,
        sum(c.n_carrying)::bigint as n_carrying,
        sum(c.n_exchanges)::bigint as n_of_carriers,
        median(c.share) as share
    from carriers as c
    group by c.group_id
    having count(*) >= $min_accounts
),
fillings as (
    select e.group_id, e.prompt_hash
    from group_exchanges as e
    semi join measured as m on m.group_id = e.group_id
    group by e.group_id, e.prompt_hash
),
filled as (
    select group_id, count(*) as n_distinct_prompts from fillings group by group_id
),
population as (
    select count(*) as n_accounts, sum(n_exchanges)::bigint as n_exchanges from account_profiles
),
judged as (
    select
        m.*,
        s.n_accounts,
        t.n as n_all,
        f.n_distinct_prompts,
        f.n_distinct_prompts / nullif(t.n, 0) as distinct_share,
        m.n_carriers / nullif(p.n_accounts, 0) as account_share,
        l.n_largest / nullif(m.n_carriers, 0) as largest_customer_share,
        l.n_customers,
        coalesce((t.n - m.n_carrying) / nullif(p.n_exchanges - m.n_of_carriers, 0), 0) as rest_share
    from measured as m
    join passages as s on s.group_id = m.group_id
    join carried as t on t.group_id = m.group_id
    join filled as f on f.group_id = m.group_id
    join largest as l on l.group_id = m.group_id
    cross join population as p
)
select
    group_id as entity_id,
    round(share, 6) >= round(greatest($min_share, $min_lift * rest_share), 6)
    and n_distinct_prompts >= $min_distinct_prompts
    and distinct_share >= $min_distinct_share
    and account_share <= $max_account_share
    and largest_customer_share <= $max_customer_share as is_fired,
    share as value,
    rest_share as baseline,
    greatest($min_share, $min_lift * rest_share)::double as threshold,
    n_all as n_exchanges,
    n_accounts,
    n_carriers,
    n_distinct_prompts,
    account_share,
    largest_customer_share,
    n_customers as n_tenants
from judged
order by entity_id
