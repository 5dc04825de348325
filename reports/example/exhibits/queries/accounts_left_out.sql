select account_id, tenant_id, n_exchanges, output_tokens, first_seen, last_seen, reason_not_in_campaign
from accounts
where campaign_id is null and reason_not_in_campaign is not null
order by n_exchanges desc, account_id
