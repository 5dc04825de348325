-- Campaigns, strongest first
create or replace temp view campaigns as from read_parquet(['findings/campaigns.parquet']);
select
    campaign_id, grade, n_accounts, n_exchanges as n_requests, output_tokens, grade_reason,
    date_trunc('second', first_seen) as first_seen, date_trunc('second', last_seen) as last_seen,
    array_to_string(facts, ', ') as facts
from campaigns
order by list_position(['strong', 'moderate', 'weak'], grade), campaign_id;
