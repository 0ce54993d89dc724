"""How long what `make soak` runs goes on: whole, or as short as SOAK_TIMES says (a look before a release)."""

import os


def times(whole: int) -> int:
    """So many rounds, calls or texts."""
    return min(whole, int(os.environ.get("SOAK_TIMES") or whole))
