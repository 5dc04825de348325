/*---
title = "First and last prompt of those that carry the most frequent text of a campaign, forwards and backwards: what they share, all of these share"
reads = ["campaigns", "campaign_exchanges", "exchanges", "templates", "template_exchanges"]
---*/
with most_frequent as (
    select t.template_id
    from campaigns as c, unnest(c.templates) as own(template_id)
    join templates as t on t.template_id = own.template_id
    where c.campaign_id = $campaign_id
    order by t.kind = 'near', t.n_exchanges desc, t.template_id -- what is alike and not the same has no words in common
    limit 1
)
select
    count(*) as n_texts,
    min(left(e.prompt_text, 600)) as first_begin,
    max(left(e.prompt_text, 600)) as last_begin,
    min(reverse(right(e.prompt_text, 600))) as first_end,
    max(reverse(right(e.prompt_text, 600))) as last_end
from campaign_exchanges as c
join exchanges as e on e.record_id = c.record_id
join template_exchanges as x on x.record_id = c.record_id
join most_frequent as m on m.template_id = x.template_id
where c.campaign_id = $campaign_id and c.is_own and e.prompt_text is not null
