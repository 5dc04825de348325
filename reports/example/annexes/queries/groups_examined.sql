-- Groups of accounts that were compared, by size
create or replace temp view templates as from read_parquet(['data/templates.parquet']);
create or replace temp view clusters as from read_parquet(['data/clusters.parquet']);
with sizes as (
    select n_accounts from templates
    union all
    select n_accounts from clusters
)
select count(*) filter (n_accounts >= 10) as n_groups, count(*) filter (n_accounts >= 20) as n_large
from sizes;
