/*---
title = "Accounts of which any request carries an address or its network"
reads = ["exchange_features"]
is_relation = true
---*/
select distinct account_id from exchange_features where client_ip is not null or ip_prefix is not null
