/*---
id = "lib.candidate_features"
title = "The candidate's exchanges with their features and the temperature"
reads = ["candidate_exchanges", "exchange_features", "exchanges"]
---*/
select c.candidate_id, e.*, x.temperature
from candidate_exchanges as c
join exchange_features as e on e.record_id = c.record_id
left join (select record_id, temperature from exchanges where temperature is not null) as x on x.record_id = c.record_id
