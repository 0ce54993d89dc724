"""The package that knows the work of a service hall. No Flask inside; rooms import down only (see pyproject.toml)."""
