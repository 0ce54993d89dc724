"""FEEL: the expression language of conditions, assignments, due dates, scripts and forms. Pure."""
