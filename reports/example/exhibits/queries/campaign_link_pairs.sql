with pairs as (
    select a.campaign_id, l.account_a, l.account_b, l.weight, l.n_attributes
    from links as l
    join accounts as a on a.account_id = l.account_a
    join accounts as b on b.account_id = l.account_b and b.campaign_id = a.campaign_id
),
ends as (
    select campaign_id, account_a as account_id, weight from pairs
    union all
    select campaign_id, account_b, weight from pairs
),
placed as (
    select
        campaign_id, account_id, count(*) as n_links,
        row_number() over (partition by campaign_id order by count(*) desc, sum(weight order by account_id, weight) desc, account_id) as place
    from ends group by campaign_id, account_id
)
select
    p.campaign_id, p.account_a, p.account_b, round(p.weight, 2) as weight, p.n_attributes
from pairs as p
join placed as x on x.campaign_id = p.campaign_id and x.account_id = p.account_a and x.place <= $n_members
join placed as y on y.campaign_id = p.campaign_id and y.account_id = p.account_b and y.place <= $n_members
order by p.campaign_id, p.account_a, p.account_b
