"""One file per page: its views, and the table that mounts them."""
