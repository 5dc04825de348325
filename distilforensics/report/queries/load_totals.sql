/*---
title = "The narrowest band that holds most members, against what chance would do and against other accounts"
reads = ["accounts"]
---*/
with members as (
    select n_campaign_exchanges as n from accounts where campaign_id = $campaign_id and n_campaign_exchanges > 0
),
others as (
    select n_exchanges as n from accounts where campaign_id is null
),
size as (
    select count(*) as k, avg(n) as mean, greatest(1, ceil(0.02 * median(n)))::bigint as width from members
),
band as (
    select m.n as low, max(o.n) as high, count(*) as n_inside
    from (select distinct n from members) as m
    cross join size as s
    join members as o on o.n between m.n and m.n + s.width
    group by m.n
    order by n_inside desc, low
    limit 1
)
select
    s.k as n_senders,
    b.n_inside,
    b.low as band_low,
    b.high as band_high,
    (select min(n) from members) as members_low,
    (select max(n) from members) as members_high,
    (select count(*) from others) as n_others,
    (select min(n) from others) as others_low,
    (select max(n) from others) as others_high,
    (select count(*) from others where n between b.low and b.high) as n_others_inside,
    floor(s.mean - 2 * sqrt(s.mean * (1 - 1 / s.k)))::bigint as chance_low,
    ceil(s.mean + 2 * sqrt(s.mean * (1 - 1 / s.k)))::bigint as chance_high,
    round(s.mean, 1) as mean
from size as s, band as b
