-- What ties one pair of members: the pair in the middle when all linked pairs are ordered by weight
create or replace temp view links as from read_parquet(['data/links.parquet']);
create or replace temp view accounts as from read_parquet(['findings/accounts.parquet']);
with own as (
    select l.account_a, l.account_b, l.weight, l.attributes,
        row_number() over (order by l.weight, l.account_a, l.account_b) as place, count(*) over () as n_links
    from links as l
    join accounts as a on a.account_id = l.account_a
    join accounts as b on b.account_id = l.account_b and b.campaign_id = a.campaign_id
    where a.campaign_id = 'C-01'
),
middle as (select * from own where place = (n_links + 1) // 2)
select m.account_a, m.account_b, round(m.weight, 1) as total_bits, m.n_links, m.t.attribute as attribute, m.t.n_accounts as n_accounts, round(m.t.weight, 1) as bits
from (select *, unnest(attributes) as t from middle) as m
order by bits desc, attribute;
