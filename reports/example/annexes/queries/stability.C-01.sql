-- What is left of the grade if one part of the evidence is left out
create or replace temp view campaigns as from read_parquet(['findings/campaigns.parquet']);
create or replace temp view campaign_facts as from read_parquet(['findings/campaign_facts.parquet']);
with parts as (
    select campaign_id, grade, unnest(grade_without) as part, generate_subscripts(grade_without, 1) as place
    from campaigns
    where campaign_id = 'C-01'
),
named as (
    select campaign_id, grade, place, regexp_extract(part, '^(.*): ', 1) as name, split_part(part, ': ', -1) as grade_left from parts
)
select
    n.place, coalesce(f.title, n.name) as left_out, n.grade_left,
    coalesce(list_position(['weak', 'moderate', 'strong'], n.grade_left), 0) as rank_left,
    coalesce(list_position(['weak', 'moderate', 'strong'], n.grade), 0) as rank
from named as n
left join campaign_facts as f on f.campaign_id = n.campaign_id and n.name = 'fact ' || f.fact_id
order by n.place;
