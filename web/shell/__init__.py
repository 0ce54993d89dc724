"""One module a sub-command of `yizhan`; each defines `command`, a click command."""
