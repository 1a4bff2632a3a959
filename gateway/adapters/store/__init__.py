"""Everything that is kept in Redis: one file per kind of record, each change one atomic step."""
