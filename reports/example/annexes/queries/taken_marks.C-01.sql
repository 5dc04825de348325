-- Kinds of requests by the words in them: in the campaign and in the rest of the log
create or replace temp view exchange_features as from read_parquet(['data/exchange_features.parquet']);
create or replace temp view accounts as from read_parquet(['findings/accounts.parquet']);
create or replace temp view campaigns as from read_parquet(['findings/campaigns.parquet']);
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
with marked as (
    select e.record_id is not null as is_own, len(f.lexicon_marks) as n_marks, f.lexicon_marks as marks
    from exchange_features as f
    left join campaign_exchanges as e on e.record_id = f.record_id and e.campaign_id = 'C-01' and e.is_own
    where f.lexicon_marks is not null
),
sizes as (
    select count(*) filter (is_own) as n_own_all, count(*) filter (not is_own) as n_rest_all from marked
)
select
    t.mark, count(*) filter (t.is_own) as n_own, any_value(s.n_own_all) as n_own_all,
    round(100 * count(*) filter (t.is_own) / any_value(s.n_own_all), 1) as own_percent,
    round(100 * count(*) filter (not t.is_own) / nullif(any_value(s.n_rest_all), 0), 1) as rest_percent
from (select is_own, unnest(marks) as mark from marked) as t
cross join sizes as s
group by t.mark
having count(*) filter (t.is_own) > 0
order by n_own desc, t.mark;
