/*---
title = "Limited or failed requests of a campaign that another of its accounts sent next, within an hour; accounts of one customer and households left out"
reads = ["work_ties", "households", "accounts", "exchange_features"]
is_relation = true
---*/
select
    a.campaign_id, t.record_id, t.account_id, e.started_at, e.status,
    t.other_record_id as next_record_id, t.other_account_id as next_account, n.started_at as next_started_at, n.status as next_status,
    t.delay_us, t.work, t.relation
from work_ties as t
join accounts as a on a.account_id = t.account_id
join exchange_features as e on e.record_id = t.record_id
join exchange_features as n on n.record_id = t.other_record_id
where t.kind = 'handover' and t.relation <> 'same' and (t.other_account_id, a.campaign_id) in (select (account_id, campaign_id) from accounts)
    and t.account_id not in (select account_id from households)
