-- Groups that are run as one and not reported as campaigns, and their accounts, together
create or replace temp view explained_groups as from read_parquet(['findings/explained_groups.parquet']);
select count(*) as n_groups, coalesce(sum(n_accounts), 0)::bigint as n_accounts, coalesce(sum(n_exchanges), 0)::bigint as n_requests
from explained_groups;
