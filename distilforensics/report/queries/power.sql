/*---
title = "Campaigns that were planted in copies of this log, and whether they were found"
reads = ["power"]
---*/
select requests_per_day, dilution, is_careful, n_accounts, exchanges_per_account, n_found, grade, is_found, n_innocents, seed
from power
order by is_careful, requests_per_day, dilution, n_accounts, seed
