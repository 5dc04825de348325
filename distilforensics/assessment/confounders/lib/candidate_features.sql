/*---
id = "lib.candidate_features"
title = "The candidate's exchanges with their features"
reads = ["candidate_exchanges", "exchange_features"]
---*/
select c.candidate_id, e.*
from candidate_exchanges as c
join exchange_features as e on e.record_id = c.record_id
