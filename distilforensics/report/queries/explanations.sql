/*---
title = "Harmless explanations of a campaign: excluded, fits in part, or the log cannot tell"
reads = ["campaign_evidence"]
---*/
select
    replace(source, 'confounder.', '') as explanation_id,
    case
        when is_rebutted is null or regexp_matches(statement, '(are not known|are not named|cannot be settled)') then 'cannot tell'
        when is_rebutted then 'excluded'
        else 'fits in part'
    end as outcome,
    statement
from campaign_evidence
where campaign_id = $campaign_id and starts_with(source, 'confounder.')
order by list_position(['fits in part', 'cannot tell', 'excluded'], outcome), explanation_id
