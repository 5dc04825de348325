-- Harmless explanations of a campaign by outcome
create or replace temp view campaign_explanations as from read_parquet(['findings/campaign_explanations.parquet']);
select
    count(*) as n_tried,
    count(*) filter (starts_with(explanation_id, 'operator.')) as n_can_cap,
    count(*) filter (is_capping) as n_capping,
    count(*) filter (outcome = 'excluded') as n_excluded,
    count(*) filter (outcome = 'in part') as n_in_part,
    count(*) filter (outcome = 'fits') as n_fits,
    count(*) filter (outcome = 'cannot tell') as n_open
from campaign_explanations
where campaign_id = 'C-01';
