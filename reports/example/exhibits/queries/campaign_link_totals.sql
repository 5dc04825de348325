with pairs as (
    select a.campaign_id, l.account_a, l.account_b
    from links as l
    join accounts as a on a.account_id = l.account_a
    join accounts as b on b.account_id = l.account_b and b.campaign_id = a.campaign_id
),
ends as (select campaign_id, account_a as account_id from pairs union select campaign_id, account_b from pairs)
select
    c.campaign_id, c.n_accounts,
    (select count(*) from pairs where pairs.campaign_id = c.campaign_id) as n_links,
    (select count(*) from ends where ends.campaign_id = c.campaign_id) as n_linked_members
from campaigns as c
order by c.campaign_id
