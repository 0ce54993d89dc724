"""What a drawing says: read, held as values, described. Nothing here runs."""
