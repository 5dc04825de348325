-- What the campaign's requests have in common
create or replace temp view campaigns as from read_parquet(['findings/campaigns.parquet']);
create or replace temp view templates as from read_parquet(['data/templates.parquet']);
create or replace temp view template_exchanges as from read_parquet(['data/template_exchanges.parquet']);
create or replace temp view accounts as from read_parquet(['findings/accounts.parquet']);
select
    t.template_id, t.kind, t.n_exchanges as n_requests, t.n_accounts, t.template_text,
    (
        select count(distinct e.account_id)
        from template_exchanges as e
        join accounts as a on a.account_id = e.account_id
        where e.template_id = t.template_id and a.campaign_id is distinct from 'C-01'
    ) as n_others
from campaigns as c, unnest(c.templates) as own(template_id)
join templates as t on t.template_id = own.template_id
where c.campaign_id = 'C-01'
order by t.kind = 'near', t.n_exchanges desc, t.template_id -- what is alike comes behind what is the same;
