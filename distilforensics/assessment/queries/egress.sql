/*---
title = "Per candidate: the share of the members' exchanges that come from addresses which a quarter of the members use, or which are among the three busiest and used by a tenth; and how many of them use one client program, or one set of parameters"
reads = ["candidate_members", "exchange_features"]
params.common = { default = 0.25, unit = "share of the members with an address", why = "the machines of one service call with anybody's key, also if two services came together; of the exits that a pool rents from households each serves a twelfth" }
params.n_addresses = "of_one_operator"
params.few = "few"
---*/
with counted as (
    select m.candidate_id, e.client_ip, count(*) as n, count(distinct e.account_id) as n_accounts
    from candidate_members as m
    join exchange_features as e on e.account_id = m.account_id
    where e.client_ip is not null
    group by m.candidate_id, e.client_ip
),
placed as (
    select *, row_number() over (partition by candidate_id order by n desc, client_ip) as place from counted
),
members as (
    select m.candidate_id, count(distinct e.account_id) as n_members
    from candidate_members as m
    join exchange_features as e on e.account_id = m.account_id
    where e.client_ip is not null
    group by m.candidate_id
),
-- The program and the parameters with which every member mostly calls.
used as (
    select m.candidate_id, e.account_id, x.kind, x.template, count(*) as n
    from candidate_members as m
    join exchange_features as e on e.account_id = m.account_id
    cross join lateral (values ('program', e.program_template), ('parameters', e.parameter_template)) as x (kind, template)
    where x.template is not null
    group by all
),
mostly as (
    select candidate_id, account_id, kind, arg_max(template, (n, template)) as template from used group by all
),
manners as (
    select candidate_id, kind, max(n) / sum(n) as share
    from (select candidate_id, kind, template, count(*) as n from mostly group by all)
    group by candidate_id, kind
),
alike as (
    select candidate_id, round(max(share), 6) as share from manners group by candidate_id having count(*) filter (kind = 'program') > 0
)
select
    c.candidate_id,
    round(coalesce(sum(c.n) filter (
        where c.n_accounts >= $common * m.n_members or (c.place <= $n_addresses and c.n_accounts >= $few * m.n_members)), 0) / sum(c.n), 6) as common_share,
    sum(c.n)::bigint as n_known,
    any_value(a.share) as alike_share
from placed as c
join members as m on m.candidate_id = c.candidate_id
left join alike as a on a.candidate_id = c.candidate_id
group by c.candidate_id
order by c.candidate_id
