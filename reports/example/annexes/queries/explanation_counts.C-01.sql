-- Harmless explanations of a campaign by outcome
create or replace temp view campaign_evidence as from read_parquet(['findings/campaign_evidence.parquet']);
with judged as (
    select
        case
            when is_rebutted is null or regexp_matches(statement, '(are not known|are not named|cannot be settled)') then 'cannot tell'
            when is_rebutted then 'excluded'
            else 'fits in part'
        end as outcome
    from campaign_evidence
    where campaign_id = 'C-01' and starts_with(source, 'confounder.')
)
select
    count(*) as n_tried,
    count(*) filter (outcome = 'excluded') as n_excluded,
    count(*) filter (outcome = 'fits in part') as n_in_part,
    count(*) filter (outcome = 'cannot tell') as n_open
from judged;
