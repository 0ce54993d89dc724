"""Who may do what: Actor, units, posts, may(actor, verb, thing)."""
