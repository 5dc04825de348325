/*---
title = "All accounts with their outcome"
reads = ["accounts", "account_profiles"]
---*/
select
    a.account_id, a.campaign_id, a.grade, a.n_exchanges as n_requests, a.n_campaign_exchanges as n_campaign_requests, a.output_tokens,
    a.first_seen, a.last_seen, a.tenant_id, p.created_at, p.plan, p.payment_fingerprint, p.email_domain, round(a.link_weight, 1) as link_bits,
    array_to_string(a.support, '; ') as support, a.reason_not_in_campaign
from accounts as a
left join account_profiles as p on p.account_id = a.account_id
order by a.campaign_id nulls last, a.n_campaign_exchanges desc nulls last, a.account_id
