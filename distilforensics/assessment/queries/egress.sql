/*---
title = "Per candidate: the share of the members' exchanges that come from their three busiest addresses, the accounts behind these, and the share from addresses that a quarter of the members use"
reads = ["candidate_members", "exchange_features"]
params.n_addresses = { default = 3, unit = "addresses", why = "one program leaves through one to three addresses; a pool that does leaves its owner open" }
params.common = { default = 0.25, unit = "share of the members with an address", why = "the machines of one service call with anybody's key, also if two services came together; of the exits that a pool rents from households each serves a twelfth" }
---*/
with counted as (
    select m.candidate_id, e.client_ip, count(*) as n, count(distinct e.account_id) as n_accounts
    from candidate_members as m
    join exchange_features as e on e.account_id = m.account_id
    where e.client_ip is not null
    group by m.candidate_id, e.client_ip
),
members as (
    select m.candidate_id, count(distinct e.account_id) as n_members
    from candidate_members as m
    join exchange_features as e on e.account_id = m.account_id
    where e.client_ip is not null
    group by m.candidate_id
),
placed as (
    select *, row_number() over (partition by candidate_id order by n desc, client_ip) as place from counted
)
select
    p.candidate_id,
    round(sum(n) filter (where place <= $n_addresses) / sum(n), 6) as address_share,
    max(n_accounts) filter (where place <= $n_addresses) as n_accounts,
    sum(n)::bigint as n_known,
    round(coalesce(sum(n) filter (where n_accounts >= $common * n_members), 0) / sum(n), 6) as common_share
from placed as p
join members as m on m.candidate_id = p.candidate_id
group by p.candidate_id
order by p.candidate_id
