-- The accounts that are concerned, what the case says of them, and what they look like beside it.
select
    a.account_id,
    a.campaign_id,
    a.grade,
    a.n_exchanges,
    a.n_campaign_exchanges,
    a.output_tokens,
    a.first_seen,
    a.last_seen,
    a.tenant_id,
    p.n_active_days,
    p.n_active_hours_of_week,
    p.n_distinct_prompts,
    p.n_with_prompt,
    p.n_limited,
    p.n_user_agents,
    p.n_ips,
    c.named_customer as customer,
    m.cluster_id
from accounts as a
left join account_profiles as p on p.account_id = a.account_id
left join customers as c on c.account_id = a.account_id
left join cluster_members as m on m.account_id = a.account_id
where a.account_id in (select unnest($accounts::varchar[]))
order by a.account_id
