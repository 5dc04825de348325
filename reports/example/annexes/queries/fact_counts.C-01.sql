-- How many tests fired for a campaign, how many of them bear the grade, and how many stayed silent
create or replace temp view campaign_evidence as from read_parquet(['findings/campaign_evidence.parquet']);
create or replace temp view campaigns as from read_parquet(['findings/campaigns.parquet']);
select
    count(*) filter (e.side = 'for') as n_for,
    count(*) filter (e.side = 'for' and list_contains(c.heuristics, e.source)) as n_bearing,
    count(*) filter (e.side = 'against' and contains(e.source, '.') and not starts_with(e.source, 'facts.') and not starts_with(e.source, 'confounder.')) as n_silent
from campaign_evidence as e
join campaigns as c on c.campaign_id = e.campaign_id
where e.campaign_id = 'C-01';
