"""Every read, always for this actor."""
