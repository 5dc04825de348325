/*---
title = "The sessions that the log names, with how many exchanges, accounts and customers share each"
reads = ["customers", "exchange_features"]
driver = "the accounts of a session are joined with their customers"
---*/
select e.session_id, count(*) as n_exchanges, count(distinct e.account_id) as n_accounts, count(distinct c.customer) as n_customers
from exchange_features as e
join customers as c on c.account_id = e.account_id
where e.session_id is not null
group by e.session_id
order by e.session_id
