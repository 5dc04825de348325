with pairs as (
    select a.campaign_id, unnest(l.attributes) as shared
    from links as l
    join accounts as a on a.account_id = l.account_a
    join accounts as b on b.account_id = l.account_b and b.campaign_id = a.campaign_id
)
select campaign_id, shared.attribute as attribute, count(*) as n_pairs, round(min(shared.weight), 2) as weight
from pairs
where shared.weight <= 0
group by campaign_id, shared.attribute
order by campaign_id, n_pairs desc, attribute
