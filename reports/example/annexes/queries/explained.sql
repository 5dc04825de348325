-- Groups that are run as one and not reported as campaigns, because they may be one operator's own
create or replace temp view explained_groups as from read_parquet(['findings/explained_groups.parquet']);
select group_id, n_accounts, n_exchanges as n_requests, explanation, statement
from explained_groups
order by n_accounts desc, group_id
limit 6;
