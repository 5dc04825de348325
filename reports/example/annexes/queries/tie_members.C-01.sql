-- Members of a campaign in the order in which the network is drawn: the first 60
create or replace temp view accounts as from read_parquet(['findings/accounts.parquet']);
create or replace temp view account_profiles as from read_parquet(['data/account_profiles.parquet']);
select a.account_id, p.payment_fingerprint
from accounts as a
left join account_profiles as p on p.account_id = a.account_id
where a.campaign_id = 'C-01'
order by p.payment_fingerprint nulls last, p.created_at, a.account_id
limit 60;
