-- What the facts of a group weigh, in bits
create or replace temp view campaign_facts as from read_parquet(['findings/campaign_facts.parquet']);
select fact_id, title, kind, round(weight, 1) as bits, is_counted, is_telling
from campaign_facts
where campaign_id = 'C-01'
order by place;
