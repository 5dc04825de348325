-- Campaigns and their accounts, together
create or replace temp view campaigns as from read_parquet(['findings/campaigns.parquet']);
create or replace temp view accounts as from read_parquet(['findings/accounts.parquet']);
select
    (select count(*) from campaigns) as n_campaigns,
    count(*) filter (campaign_id is not null) as n_members,
    count(*) as n_accounts
from accounts;
