"""The county's lists as the check of a matter reads them."""

from __future__ import annotations

from sqlalchemy import select

from engine.matters import County
from engine.matters.county import Post as PostOf
from engine.matters.county import Unit as UnitOf
from engine.people import holders, units
from engine.store import Work
from engine.store.models import Hall, Holding, Post, Resource, Unit, User, Window


def county(work: Work) -> County | None:
    """The units, posts and who holds them, as they are now. None while there is no county: then nothing is said of
    it."""
    tree = units.tree(work).standing
    if not tree:
        return None
    code = {place.id: place.code for place in tree}
    held = work.session.execute(
        select(Unit.code, Post.code)
        .join(Holding, Holding.unit_id == Unit.id)
        .join(Post, Post.id == Holding.post_id)
        .join(User, User.id == Holding.user_id)
        .where(User.disabled_at.is_(None), Unit.active, holders.lasting(work.today))
        .distinct()
    ).all()
    posts = work.session.execute(select(Post.code, Post.name, Post.role).order_by(Post.code)).all()
    logins = work.session.scalars(select(User.login).where(User.kind == "staff", User.login.is_not(None)))
    halls: dict[str, set[str]] = {}
    for hall, unit in work.session.execute(
        select(Hall.code, Window.unit_id).outerjoin(Window, Window.hall_id == Hall.id).where(Hall.active)
    ):
        halls.setdefault(hall, set()).update([code[unit]] if unit in code else [])
    return County(
        units=tuple(UnitOf(p.code, p.name, p.kind, code.get(p.parent_id or 0, ""), bool(p.seal_name)) for p in tree),
        posts=tuple(PostOf(*row) for row in posts),
        held=frozenset((unit, post) for unit, post in held),
        logins=frozenset(login for login in logins if login),
        resources=frozenset(work.session.scalars(select(Resource.code).where(Resource.active))),
        halls={hall: frozenset(units) for hall, units in halls.items()},
    )
