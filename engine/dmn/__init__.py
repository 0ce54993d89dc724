"""DMN 1.5 decisions, evaluated with FEEL. Pure."""
