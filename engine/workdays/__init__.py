"""Working days (工作日) and opening hours; holidays are data. Pure."""
