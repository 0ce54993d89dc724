"""What the county's offices have under way in the demo: a permit taken in at another town's window, a house that three
offices review, an eatery on its owner's word; a death, a disability and a shop, each as one matter. Each by the command
that people would use; what is not published is left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from engine.commands import cases
from engine.people import Actor
from engine.store import Database
from engine.workdays import local_date
from web.demo.playing import Player, Resident, born, person


def fill(
    database: Database, staff: Mapping[str, Actor], residents: Sequence[Resident], first: Resident, now: datetime
) -> int:
    """All of it; how many cases. `first`: the resident by whose telephone the demo is shown."""
    player = Player(database, staff)
    grown = [one for one in residents if one is not first and 1950 < born(one) < 2004]
    parts: dict[str, Callable[..., int]] = {
        "caifa": _felling,
        "jianfang": _house,
        "canyin": _eatery,
        "shenhou": _death,
        "canji": _disability,
        "kaidian": _shop,
    }
    return sum(part(player, grown, first, now) for matter, part in parts.items() if player.has(matter))


def _who(one: Resident, **more: str) -> dict[str, str]:
    return {**person(one), **more}


def _felling(player: Player, grown: Sequence[Resident], first: Resident, now: datetime) -> int:
    """Two at the windows of other towns: one is to be sent on, one is still looked at."""
    for n, (login, plot) in enumerate((("laixm", "霞碧-03-012"), ("zhengyl", "苏洋-11-004"))):
        forest = {
            "county": "here",
            "plot": plot,
            "trees": "timber",
            "owner": ("own", "group")[n],
            "species": "杉木",
            "area": 6,
            "volume": 28,
            "renew": "明年春天栽杉木",
        }
        raw = {"applicant": _who(grown[n]), "forest": forest}
        case_id = player.send(
            "caifa", raw, grown[n], now - timedelta(hours=3), by=player.staff[login], channel="counter"
        )
        if n == 0:
            papers = [
                {"name": "林权证", "form": "original", "pages": 4},
                {"name": "说明", "form": "original", "pages": 2},
            ]
            said = {
                "identity": "matched",
                "seen": "身份证原件",
                "authority": "self",
                "presence": "no",
                "complete": "yes",
            }
            player.step(case_id, {"desk": {**said, "papers": papers}}, now - timedelta(hours=2))
    return 2


def _house(player: Player, grown: Sequence[Resident], first: Resident, now: datetime) -> int:
    """One that three offices review, for which the county is asked for more time; one that has just come."""
    day = local_date(now)
    for n in (2, 3):
        house = {
            "members": 5,
            "other": "give",
            "certificate": "80 平方米",
            "sold": "no",
            "where": "村口晒谷场东侧，东至路、西至沟",
            "land": "built",
            "area": 110,
            "foot": 100,
            "floors": 3,
            "height": 10,
            "kind": "砖混",
        }
        village = {
            "neighbours": "没有意见",
            "group": "同意",
            "posted_from": (day - timedelta(days=20)).isoformat(),
            "opinion": "同意，公示没有异议",
        }
        raw = {"applicant": _who(grown[n]), "house": house, "village": village}
        case_id = player.send("jianfang", raw, grown[n], now - timedelta(days=n))
        if n == 3:
            player.step(case_id, {"taken": {"main": "complete", "later": "here"}}, now - timedelta(days=2))
            why = {"longer_reason": "雨季边坡要再勘一次"}
            head = player.staff["laifn"]
            player.do(cases.tell, case_id, "jf_longer", why, sure=True, by=head, now=now - timedelta(hours=20))
    return 2


def _eatery(player: Player, grown: Sequence[Resident], first: Resident, now: datetime) -> int:
    """Of the resident who is shown, taken in: they read what they promise and sign, or take it back."""
    eatery = {
        "where": "浔中镇富东街8号",
        "area": 40,
        "food": "plain",
        "way": "promise",
        "agent": "self",
    }
    case_id = player.send("canyin", {"applicant": _who(first), "eatery": eatery}, first, now - timedelta(hours=5))
    player.step(case_id, {"decision": "accept"}, now - timedelta(hours=4))
    return 1


def _death(player: Player, grown: Sequence[Resident], first: Resident, now: datetime) -> int:
    """One form; the offices' data is asked for by the worker."""
    died = {
        "name": "陈水木",
        "id_number": grown[6].id_number,
        "died_on": (local_date(now) - timedelta(days=6)).isoformat(),
        "died_at": "hospital",
    }
    had = {"pension": "yes", "medical": "yes", "allowance": "yes", "member": "no"}
    raw = {"applicant": _who(grown[5], relation="child"), "deceased": died, "account": "6217-0018", "had": had}
    player.send("shenhou", raw, grown[5], now - timedelta(hours=4))
    return 1


def _disability(player: Player, grown: Sequence[Resident], first: Resident, now: datetime) -> int:
    """Of the resident who is shown; the hospital's data is asked for by the worker, else it is looked at."""
    want = {"subsidy": "yes", "medical": "yes", "aid": "yes", "what": "助行器", "pension": "no"}
    raw = {
        "applicant": _who(first),
        "card": "new",
        "assess": {"kind": "limb", "grade": "4"},
        "account": "6217-0021",
        "want": want,
    }
    player.send("canji", raw, first, now - timedelta(hours=3))
    return 1


def _shop(player: Player, grown: Sequence[Resident], first: Resident, now: datetime) -> int:
    """One form; the lease is still to be seen at the counter."""
    shop = {"title": "富东小吃", "where": "浔中镇富东街8号", "area": 40, "food": "plain", "fuel": "瓶装燃气"}
    want = {"food": "yes", "sign": "yes", "how": "长三米，挂在门上方", "fire": "yes"}
    player.send(
        "kaidian", {"applicant": _who(grown[7]), "shop": shop, "want": want}, grown[7], now - timedelta(hours=2)
    )
    return 1
