with own as (select campaign_id, unnest(templates) as template_id from campaigns),
firsts as (
    select o.campaign_id, o.template_id, t.account_id, arg_min(t.record_id, row(t.started_at, t.record_id)) as record_id
    from own as o
    join template_exchanges as t on t.template_id = o.template_id
    join accounts as a on a.account_id = t.account_id and a.campaign_id = o.campaign_id
    group by o.campaign_id, o.template_id, t.account_id
),
placed as (select *, row_number() over (partition by campaign_id, template_id order by account_id) as place from firsts)
select campaign_id, template_id, record_id from placed where place <= $n_records order by campaign_id, template_id, place
