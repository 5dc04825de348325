select * from error_rates order by place
