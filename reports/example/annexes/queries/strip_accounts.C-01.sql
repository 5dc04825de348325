-- Accounts drawn by lot for the strips: up to 28 members, and 10 others with at least 25 requests
create or replace temp view accounts as from read_parquet(['findings/accounts.parquet']);
with drawn as (
    select account_id, n_exchanges, campaign_id is not null as is_member
    from accounts
    where (campaign_id = 'C-01' and n_campaign_exchanges > 0) or (campaign_id is null and n_exchanges >= 25)
    qualify row_number() over (partition by campaign_id is not null order by md5(account_id), account_id)
        <= case when campaign_id is not null then 28 else 10 end
)
select
    account_id, is_member, n_exchanges as n_requests,
    count(*) filter (is_member) over () as n_members_drawn,
    count(*) filter (not is_member) over () as n_others_drawn,
    (select count(*) from accounts where campaign_id = 'C-01') as n_members,
    (select count(*) from accounts where campaign_id is null) as n_others
from drawn
order by is_member desc, account_id;
