/*---
title = "Per candidate: the share of the members' exchanges that come from their three busiest addresses, and the accounts behind these"
reads = ["candidate_members", "exchange_features"]
params.n_addresses = { default = 3, unit = "addresses", why = "one program leaves through one to three addresses; a pool that does leaves its owner open" }
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
)
select
    candidate_id,
    round(sum(n) filter (where place <= $n_addresses) / sum(n), 6) as address_share,
    max(n_accounts) filter (where place <= $n_addresses) as n_accounts,
    sum(n)::bigint as n_known
from placed
group by candidate_id
order by candidate_id
