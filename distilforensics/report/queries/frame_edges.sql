/*---
title = "First and last prompt of a campaign in the order of letters, forwards and backwards: what they share, all share"
reads = ["campaign_exchanges", "exchanges"]
---*/
select
    count(*) as n_texts,
    min(left(e.prompt_text, 600)) as first_begin,
    max(left(e.prompt_text, 600)) as last_begin,
    min(reverse(right(e.prompt_text, 600))) as first_end,
    max(reverse(right(e.prompt_text, 600))) as last_end
from campaign_exchanges as c
join exchanges as e on e.record_id = c.record_id
where c.campaign_id = $campaign_id and c.is_own and e.prompt_text is not null
