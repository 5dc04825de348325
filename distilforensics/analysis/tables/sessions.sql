/*---
title = "The sessions of several exchanges that the log names, with how many exchanges, accounts and customers share each"
reads = ["customers", "exchange_features"]
driver = "the accounts of a session are joined with their customers"
---*/
-- Counted in steps: most sessions are of one account, and counting distinct ones within millions of sessions takes three times as long.
with of_accounts as (
    select session_id, account_id, count(*) as n_exchanges from exchange_features where session_id is not null group by session_id, account_id
),
of_customers as (
    select o.session_id, c.customer, sum(o.n_exchanges)::bigint as n_exchanges, count(*) as n_accounts
    from of_accounts as o
    join customers as c on c.account_id = o.account_id
    group by o.session_id, c.customer
)
select session_id, sum(n_exchanges)::bigint as n_exchanges, sum(n_accounts)::bigint as n_accounts, count(*) as n_customers
from of_customers
group by session_id
having sum(n_exchanges) > 1
