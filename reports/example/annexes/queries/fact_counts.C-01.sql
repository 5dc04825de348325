-- How many facts a group shows, how many of them count, and what these weigh together
create or replace temp view campaign_facts as from read_parquet(['findings/campaign_facts.parquet']);
select
    count(*) as n_facts,
    count(*) filter (is_counted) as n_counted,
    count(*) filter (is_counted and is_telling) as n_telling,
    count(*) filter (not is_counted) as n_below,
    count(*) filter (is_counted and round(weight, 1) > 0) as n_weighed,
    coalesce(round(sum(round(weight, 1)) filter (is_counted), 1), 0) as bits
from campaign_facts
where campaign_id = 'C-01';
