-- valid records that are no exchanges
SELECT o.reason, o.n_records, o.first_line
FROM out_of_scope AS o
INNER JOIN sources AS s USING (source_sha256)
WHERE s.path = $id OR starts_with(s.source_sha256, $id) OR ends_with(s.path, '/' || $id)
ORDER BY o.n_records DESC, o.reason
