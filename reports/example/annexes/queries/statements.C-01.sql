-- What else was observed on a campaign: tests that fired, other traffic, what could not be judged
create or replace temp view campaign_evidence as from read_parquet(['findings/campaign_evidence.parquet']);
select side, source, statement, n_exchanges as n_requests, n_accounts
from campaign_evidence
where campaign_id = 'C-01' and not regexp_matches(source, '^(fact|operator|confounder)[.]')
order by list_position(['for', 'against', 'neutral'], side), source, entity_id, statement;
