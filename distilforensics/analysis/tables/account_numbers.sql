/*---
title = "Accounts by number, with what two of them can disagree on"
reads = ["account_profiles"]
driver = "rows of accounts, by a thousand times fewer than exchanges"
---*/
select account_id, row_number() over (order by account_id) - 1 as account_no, tenant_id, payment_fingerprint, email_domain
from account_profiles
order by account_id
