"""What the worker does: jobs, sweeps, alarms, what cases say to each other."""
