/*---
title = "Texts that were cut"
reads = ["exchanges"]
columns = ["prompt_text", "response_text", "messages_json"]
facts = ["conversation", "answer", "frame", "rewording", "purpose"]
costs_from = 0.01
costs = "What stands behind the cut cannot be compared; prompts with the same beginning look alike, and answers that come back are missed."
params.min_pile = { default = 20, unit = "texts", why = "fewer texts of one length happen by themselves" }
params.pile_share = { default = 0.01, unit = "share of the texts", why = "the longest text of a log is seldom one of a hundred of its length" }
params.min_chars = { default = 200, unit = "characters", why = "short answers such as yes or no have few lengths" }
---*/
-- A limit of the program that wrote the log leaves many texts of exactly the greatest length.
with texts as (
    unpivot (
        select record_id, least(prompt_chars, 1000000000) as prompt, least(response_chars, 1000000000) as answer from exchanges
    ) on prompt, answer into name part value chars
),
stated as (
    unpivot (
        select record_id, prompt_state as prompt, response_state as answer from exchanges
    ) on prompt, answer into name part value state
),
greatest_length as (select part, max(chars) as chars, count(*) as n_texts from texts group by part),
piles as (
    select t.part, g.chars, g.n_texts, count(*) as n_pile, min(t.record_id) as example
    from texts as t
    join greatest_length as g on g.part = t.part and g.chars = t.chars
    group by t.part, g.chars, g.n_texts
),
said as (select part, count(*) as n_cut, min(record_id) as example from stated where state in ('truncated', 'offloaded') group by part)
select
    p.part, greatest(coalesce(s.n_cut, 0), case when is_pile then p.n_pile else 0 end)::bigint as n_affected, p.n_texts as n_checked,
    case when is_pile then p.n_pile || ' have exactly ' || p.chars || ' characters' when s.n_cut > 0 then 'as the log says' end as detail,
    case when is_pile then p.example else s.example end as example,
    case p.part when 'prompt' then ['prompt_text', 'messages_json'] else ['response_text'] end as columns
from (select *, n_pile >= $min_pile and n_pile >= $pile_share * n_texts and chars >= $min_chars as is_pile from piles) as p
left join said as s on s.part = p.part
order by p.part
