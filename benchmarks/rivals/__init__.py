"""The same HTTP POST through the same SDK client as jobs of other task queues. They do only the POST."""
