-- Every statement of the assessment on every campaign and every group that is not reported
create or replace temp view campaign_evidence as from read_parquet(['findings/campaign_evidence.parquet']);
select campaign_id, side, claim, source, entity_id, statement, value, baseline, n_exchanges as n_requests, n_accounts, is_rebutted, record_ids
from campaign_evidence
order by
    campaign_id, list_position(['fact', 'operator', 'confounder'], split_part(source, '.', 1)) nulls last,
    list_position(['for', 'against', 'neutral'], side), source, entity_id, statement;
