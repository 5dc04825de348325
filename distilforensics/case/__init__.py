"""The case folder: layout, tables, engine, stage records, custody and manifest. The only place where stages meet."""
