/*---
reads = ["account_profiles"]
description = "Accounts with what the accounts table says of each"
---*/
select account_id, n_exchanges, output_tokens, first_seen, last_seen, tenant_id
from account_profiles
order by account_id
