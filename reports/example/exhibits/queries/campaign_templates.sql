with own as (select campaign_id, unnest(templates) as template_id from campaigns),
used as (
    select o.campaign_id, o.template_id, count(*) as n_exchanges, count(distinct t.account_id) as n_accounts
    from own as o
    join template_exchanges as t on t.template_id = o.template_id
    join accounts as a on a.account_id = t.account_id and a.campaign_id = o.campaign_id
    group by o.campaign_id, o.template_id
)
select
    o.campaign_id, t.template_id, t.kind, t.template_text,
    coalesce(u.n_exchanges, 0) as n_member_exchanges, coalesce(u.n_accounts, 0) as n_members,
    t.n_exchanges - coalesce(u.n_exchanges, 0) as n_outside_exchanges, t.n_accounts - coalesce(u.n_accounts, 0) as n_outside_accounts,
    t.n_distinct_prompts, t.first_seen, t.last_seen
from own as o
join templates as t on t.template_id = o.template_id
left join used as u on u.campaign_id = o.campaign_id and u.template_id = o.template_id
order by o.campaign_id, n_member_exchanges desc, t.template_id
