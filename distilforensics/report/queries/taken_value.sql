/*---
title = "Value of the campaign's tokens at the price table of the case, US dollars"
reads = ["campaign_exchanges"]
---*/
with prices as (
    select unnest($models::varchar[]) as model, unnest($input_prices::double[]) as input_price, unnest($output_prices::double[]) as output_price
)
select
    round(sum(e.input_tokens * p.input_price + e.output_tokens * p.output_price) / 1000000, 2) as value_usd,
    count(*) filter (p.model is null) as n_without_price
from campaign_exchanges as e
left join prices as p on p.model = e.model
where e.campaign_id = $campaign_id and e.is_own
