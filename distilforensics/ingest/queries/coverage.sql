-- Shares of each source's exchanges that carry what examinations need; states stand for texts, which would be read as a whole.
select
    source_sha256,
    round(count(account_id) / count(*), 4) as account,
    round(count(client_ip) / count(*), 4) as address,
    round(count(coalesce(model_requested, model_served)) / count(*), 4) as model,
    round(count(coalesce(input_tokens, output_tokens)) / count(*), 4) as tokens,
    round(count(*) filter (where prompt_state in ('full', 'truncated')) / count(*), 4) as prompt,
    round(count(*) filter (where response_state in ('full', 'truncated')) / count(*), 4) as answer
from exchanges
group by source_sha256
order by source_sha256
