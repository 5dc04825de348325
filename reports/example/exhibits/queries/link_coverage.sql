select attribute, family, m, n_values, n_values_popular, n_values_capped, n_pairs
from link_coverage
order by attribute
