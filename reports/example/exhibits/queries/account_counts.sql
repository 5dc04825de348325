select
    count(*) as n_accounts,
    count(campaign_id) as n_members,
    count(*) filter (grade = 'strong') as n_strong,
    count(*) filter (grade = 'moderate') as n_moderate,
    count(*) filter (grade = 'weak') as n_weak,
    count(*) filter (campaign_id is null and reason_not_in_campaign is not null) as n_left_out,
    count(*) filter (campaign_id is null and reason_not_in_campaign is null) as n_not_flagged
from accounts
