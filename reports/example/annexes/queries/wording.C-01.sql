-- First and last prompt of those that carry the most frequent text of a campaign, forwards and backwards: what they share, all of these share
create or replace temp view campaigns as from read_parquet(['findings/campaigns.parquet']);
create or replace temp view exchange_features as from read_parquet(['data/exchange_features.parquet']);
create or replace temp view accounts as from read_parquet(['findings/accounts.parquet']);
create or replace temp view template_exchanges as from read_parquet(['data/template_exchanges.parquet']);
create or replace temp table campaign_exchanges as
with carried as (
    select distinct c.campaign_id, e.record_id
    from campaigns as c, unnest(c.templates) as own(template_id)
    join template_exchanges as e on e.template_id = own.template_id
)
select
    c.campaign_id, f.record_id, f.account_id, f.started_at, f.status, f.model, f.input_tokens, f.output_tokens, f.prompt_hash,
    f.response_chars, f.lexicon_marks,
    coalesce(len(c.templates), 0) = 0 or k.record_id is not null as is_own
from exchange_features as f
join accounts as a on a.account_id = f.account_id
join campaigns as c on c.campaign_id = a.campaign_id
left join carried as k on k.record_id = f.record_id and k.campaign_id = c.campaign_id;
create or replace temp view exchanges as from read_parquet(['data/exchanges/part-000000.parquet']);
create or replace temp view templates as from read_parquet(['data/templates.parquet']);
with most_frequent as (
    select t.template_id
    from campaigns as c, unnest(c.templates) as own(template_id)
    join templates as t on t.template_id = own.template_id
    where c.campaign_id = 'C-01'
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
where c.campaign_id = 'C-01' and c.is_own and e.prompt_text is not null;
