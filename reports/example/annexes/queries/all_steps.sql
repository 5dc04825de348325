-- How the accounts of all candidates were found, step by step
create or replace temp view candidate_steps as from read_parquet(['findings/candidate_steps.parquet']);
select candidate, campaign_id, step, rule, group_id, n_tried, n_accounts, bits, len(added) as n_added, len(removed) as n_removed
from candidate_steps
order by candidate, step;
