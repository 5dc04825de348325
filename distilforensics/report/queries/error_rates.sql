/*---
title = "How often accusations are wrong, as far as it is known"
reads = ["error_rates"]
---*/
select * from error_rates order by place
