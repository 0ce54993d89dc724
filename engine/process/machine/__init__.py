"""What a drawing does: compiled to specs and advanced, token by token."""
