-- What was found for and against a campaign, strongest kind first
create or replace temp view campaign_evidence as from read_parquet(['findings/campaign_evidence.parquet']);
create or replace temp view heuristic_states as from read_parquet(['data/heuristic_states.parquet']);
create or replace temp view campaigns as from read_parquet(['findings/campaigns.parquet']);
select
    e.side, e.source, coalesce(h.title, '') as title, coalesce(h.family, 'facts') as family, e.statement, e.value, e.baseline,
    e.n_exchanges as n_requests, e.n_accounts, e.record_ids,
    coalesce(list_contains(c.heuristics, e.source), false) as bears_grade
from campaign_evidence as e
join campaigns as c on c.campaign_id = e.campaign_id
left join heuristic_states as h on h.heuristic_id = e.source
where e.campaign_id = 'C-01' and not starts_with(e.source, 'confounder.')
order by
    list_position(['for', 'against', 'neutral'], e.side), bears_grade desc,
    list_position(['coordination', 'infrastructure', 'harvest', 'structure', 'evasion', 'facts'], coalesce(h.family, 'facts')), e.source, e.entity_id, e.statement;
