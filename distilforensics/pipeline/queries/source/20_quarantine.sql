-- quarantined records
SELECT q.reason, count(*) AS n_records, min(q.source_line) AS first_line, min_by(q.detail, (q.source_line, q.sub_index)) AS first_detail
FROM quarantine AS q
INNER JOIN sources AS s USING (source_sha256)
WHERE s.path = $id OR starts_with(s.source_sha256, $id) OR ends_with(s.path, '/' || $id)
GROUP BY q.reason
ORDER BY n_records DESC, q.reason
