with held as (
    select c.campaign_id, m.account_id, bool_and(m.stays_at_higher_threshold) as stays_at_higher_threshold, max(m.n_links) as n_links
    from campaigns as c, unnest(c.clusters) as own(cluster_id)
    join cluster_members as m on m.cluster_id = own.cluster_id
    group by c.campaign_id, m.account_id
)
select
    a.campaign_id,
    row_number() over (partition by a.campaign_id order by a.n_campaign_exchanges desc, a.account_id) as number,
    a.account_id, a.tenant_id, a.n_exchanges, a.n_campaign_exchanges, a.output_tokens, a.first_seen, a.last_seen,
    held.n_links, a.link_weight, held.stays_at_higher_threshold, a.support, p.created_at, p.plan
from accounts as a
left join held on held.campaign_id = a.campaign_id and held.account_id = a.account_id
left join account_profiles as p on p.account_id = a.account_id
where a.campaign_id is not null
order by a.campaign_id, number
