"""Every write: one verb, one function."""
