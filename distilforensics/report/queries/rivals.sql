/*---
title = "The sets of accounts that competed when a campaign was found, the heaviest first; the one that was taken, and what it is stated to weigh"
reads = ["candidate_steps", "set_weights"]
---*/
select
    row_number() over (order by w.bits desc, w.name desc) as place, w.name, w.n_accounts, w.tie_bits, w.identity_bits, w.bits,
    w.name = coalesce(s.group_id, w.name) and w.n_accounts = s.n_accounts and abs(w.bits - s.bits) < 0.001 as is_taken, s.rule, s.bits as stated_bits
from set_weights as w
join candidate_steps as s on s.candidate = w.candidate and s.step = 1
where s.campaign_id = $campaign_id and w.is_rival
order by place
