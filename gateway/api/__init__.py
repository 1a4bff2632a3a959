"""The JSON interface for applications: each file a few endpoints, each endpoint only translates."""
