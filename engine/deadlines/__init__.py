"""The time-limit ledger (时限): (rules, events, now) -> due, used, colour, and why that day. Pure."""
