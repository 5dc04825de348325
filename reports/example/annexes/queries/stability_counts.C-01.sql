-- How many parts of the evidence were left out one at a time, and without how many no grade is left
create or replace temp view campaigns as from read_parquet(['findings/campaigns.parquet']);
with parts as (select unnest(grade_without) as part from campaigns where campaign_id = 'C-01')
select
    count(*) as n_left_out,
    count(*) filter (not list_contains(['weak', 'moderate', 'strong'], split_part(part, ': ', -1))) as n_carrying
from parts;
