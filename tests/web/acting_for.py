"""许小妹 and her mother 王阿婆, who has no account: a canteen, rides, a library, and the bond by which one acts for the
other. For tests over HTTP and by a browser."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from sqlalchemy import select, update

from engine import matters, people
from engine.commands import bond_rows, booking, loans, register_rows
from engine.matters.nouns.bonds import GUARDIAN, HALL, LEADER
from engine.people import units
from engine.reads import knowing
from engine.reads.knowing import Person
from engine.records import lending, library
from engine.store.models import Holding, Post, Resource, Slot, SlotPlace, User
from tests.cast import ROOT

MOTHER = Person("王阿婆", None, "350526194002020428")


def furnish(database: Any, cast: Any, now: datetime) -> SimpleNamespace:
    """bond: of the mother; full: a lunch that is full; next: one that is not. The mother has a book; 张三丰 is in the
    daughter's team; 周敏 serves at the canteen."""
    with database.unit_of_work() as work:
        county = units.by_code(work, "350526")
        centre = units.add(
            work, code="350526-FW", name="进城党群城市家园", kind="centre", parent=county, number="1500", word="德中心"
        )
        post = work.session.scalars(select(Post.id).where(Post.code == "window")).one()
        work.session.add(Holding(user_id=cast.users["zhou"], unit_id=centre.id, post_id=post))
        for name in ("shitang", "wenhou", "shunfeng", "juanshu", "peishu"):
            library.publish(work, matters.load(ROOT, name), by=people.SYSTEM, now=now)
        booking.publish_ahead(work, now=now)
        users = {n: knowing.of_user(work.session.get_one(User, cast.users[n])) for n in ("xu", "zhang")}
        one = library.declared(work, "registers")["shitang.diner"][0]
        register_rows.put(work, one, {"category": "low"}, whom=MOTHER, unit_id=centre.id, by=people.SYSTEM, now=now)
        kind = HALL[GUARDIAN].model_copy(update={"between": ("person", "adult")})
        asked = bond_rows.Asked(GUARDIAN, kind, MOTHER, users["xu"], "counter", unit_id=centre.id)
        bond = bond_rows.make(work, asked, by=people.SYSTEM, now=now).id
        team = bond_rows.Asked(LEADER, HALL[LEADER], users["zhang"], users["xu"], "counter", team="青年理发队")
        bond_rows.make(work, team, by=people.SYSTEM, now=now)
        book = {"barcode": "SW1", "title": "红楼梦", "isbn": "9787020002207", "class": "all", "author": "曹雪芹"}
        register_rows.put(work, lending.kind(work, "books").of, book, by=people.SYSTEM, now=now)
    with database.unit_of_work() as work:
        zhou = people.load(work, cast.users["zhou"], now=now)
        loans.lend(work, "books", "SW1", f"b:{bond}", by=zhou, now=now)
        ahead = Slot.starts_at > now + timedelta(days=2)  # before its cut-off
        lunches = select(Slot).join(Resource).where(Resource.offer == "shitang.lunch", ahead)
        slots = work.session.scalars(lunches.order_by(Slot.starts_at, Slot.id)).all()
        full = slots[0].id
        work.session.execute(update(Slot).where(Slot.id == full).values(public_taken=Slot.public_capacity))
        work.session.execute(update(SlotPlace).where(SlotPlace.slot_id == full).values(taken=SlotPlace.capacity))
        later = next(slot.id for slot in slots if slot.starts_at > slots[0].starts_at + timedelta(hours=1))
    return SimpleNamespace(bond=bond, full=full, next=later)
