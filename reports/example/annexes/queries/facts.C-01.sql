-- Facts of a group: by kind, the heaviest first
create or replace temp view campaign_facts as from read_parquet(['findings/campaign_facts.parquet']);
select
    fact_id, place, title, kind, statement, round(weight, 1) as bits, "value", "of", round(comparison, 1) as expected, n_accounts, excludes, is_counted, is_telling, record_ids
from campaign_facts
where campaign_id = 'C-01'
order by place;
