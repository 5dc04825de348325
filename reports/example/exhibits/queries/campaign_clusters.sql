select
    c.campaign_id, k.cluster_id, k.n_accounts, k.n_links, k.density, k.n_attribute_types, array_to_string(k.attribute_types, ', ') as attribute_types,
    k.n_links_in_tenant, k.weakest_bridge_weight, array_to_string(k.weakest_bridge, ' – ') as weakest_bridge, k.stability
from campaigns as c, unnest(c.clusters) as own(cluster_id)
join clusters as k on k.cluster_id = own.cluster_id
order by c.campaign_id, k.cluster_id
