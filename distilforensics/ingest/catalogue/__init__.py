"""What a format is, and the query that is made of its folder or of a mapping."""
