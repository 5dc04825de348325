/*---
title = "What the campaign's requests have in common"
reads = ["campaigns", "templates", "template_exchanges", "accounts"]
---*/
select
    t.template_id, t.kind, t.n_exchanges as n_requests, t.n_accounts, t.template_text,
    (
        select count(distinct e.account_id)
        from template_exchanges as e
        join accounts as a on a.account_id = e.account_id
        where e.template_id = t.template_id and a.campaign_id is distinct from $campaign_id
    ) as n_others
from campaigns as c, unnest(c.templates) as own(template_id)
join templates as t on t.template_id = own.template_id
where c.campaign_id = $campaign_id
order by t.kind = 'near', t.n_exchanges desc, t.template_id -- what is alike comes behind what is the same
