-- innocent explanations that are not excluded
SELECT explanation_id, outcome, title, statement
FROM campaign_explanations
WHERE campaign_id = $id AND outcome <> 'excluded'
ORDER BY place
