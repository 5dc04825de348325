select *
from campaign_evidence
order by campaign_id, case side when 'for' then 0 when 'against' then 1 else 2 end, source, entity_id, statement
