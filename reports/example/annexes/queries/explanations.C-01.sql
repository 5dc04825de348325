-- Harmless explanations of a group: first those that cap the grade, then the others
create or replace temp view campaign_explanations as from read_parquet(['findings/campaign_explanations.parquet']);
select explanation_id, title, outcome, statement, ask, is_capping, starts_with(explanation_id, 'operator.') as can_cap
from campaign_explanations
where campaign_id = 'C-01'
order by can_cap desc, case when can_cap then 0 else list_position(['fits', 'cannot tell', 'in part', 'excluded'], outcome) end, place;
