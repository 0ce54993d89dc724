"""Audit (hash chain), documents (papers), notices (outbox), jobs (leased rows)."""
