/*---
title = "Exchanges per day of the accounts whose traffic is rerouted"
reads = ["account_days", "wanted"]
---*/
select account_id, day, n_exchanges from account_days semi join wanted using (account_id) order by account_id, day
