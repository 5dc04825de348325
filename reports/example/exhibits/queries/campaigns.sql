select *
from campaigns
order by case grade when 'strong' then 0 when 'moderate' then 1 when 'weak' then 2 else 3 end, campaign_id
