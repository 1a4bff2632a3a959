"""What is measured, each by one command: python -m benchmarks.<name>. `make bench` runs those that take minutes."""
