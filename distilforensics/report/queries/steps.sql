/*---
title = "The steps by which the accounts of a campaign were found, with what ties and identities weigh after each"
reads = ["candidate_steps", "set_weights"]
---*/
select
    s.step, s.rule, s.group_id, len(s.added) as n_added, len(s.removed) as n_removed, s.n_accounts, s.bits as stated_bits,
    w.n_accounts as n_accounts_again, w.bits as bits_again
from candidate_steps as s
join set_weights as w on w.candidate = s.candidate and w.name = 'step ' || s.step
where s.campaign_id = $campaign_id
order by s.step
