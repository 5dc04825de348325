-- Accounts in a campaign, and accounts in a group that may be one operator's own, with the name of either.
select account_id, grade, first_seen, last_seen,
    coalesce(campaign_id, split_part(reason_not_in_campaign, ':', 1)) as name
from accounts
where campaign_id is not null or (grade is not null and reason_not_in_campaign is not null)
