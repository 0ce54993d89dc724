"""岗位、人员、任职: the rows of the posts', the staff's and the holdings' sheets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import select

from engine.commands.county.columns import HOLDINGS, PEOPLE, POSTS
from engine.commands.county.looking import Look, now_of, setting
from engine.commands.county.reading import Row
from engine.commands.hall import posts
from engine.findings import meant
from engine.people import administrators, masks
from engine.records import audit, notices
from engine.store import keys
from engine.store.models import Holding, Post, User
from engine.workdays import local_date

_Term = tuple[date | None, date | None]


def posts_of(look: Look) -> None:
    for row in look.book.of(POSTS):
        code, there = str(row.values["code"]), look.posts.get(str(row.values["code"]))
        title = f"{code} {row.values['name']}"
        if there is None:
            look.new(row, title, _adding_post(look, row))
        elif row.values["role"] != there.role:
            zh = "岗位的角色不能改：在岗的人的权限会跟着变。请另设一个岗位。"
            look.wrong(row, "role", zh, "A post keeps its role, for those who hold it: make another post.")
        else:
            look.compare(row, title, now_of(there, "name", "name_en"), setting(there, row, "name", "name_en"))


def _adding_post(look: Look, row: Row) -> Callable[[], None]:
    said = row.values

    def do() -> None:
        look.work.session.add(
            Post(code=said["code"], name=said["name"], name_en=said.get("name_en", ""), role=said["role"])
        )
        look.work.session.flush()

    return do


def people_of(look: Look) -> None:
    wanted = {str(row.values["login"]) for sheet in (PEOPLE, HOLDINGS) for row in look.book.of(sheet)}
    look.users = {
        str(user.login): user for user in look.work.session.scalars(select(User).where(User.login.in_(wanted)))
    }
    for row in look.book.of(PEOPLE):
        login = str(row.values["login"])
        there = look.users.get(login)
        if there is None:
            look.new(row, f"{login} {row.values['name']}", _adding_person(look, row))
        elif there.disabled_at is not None:
            zh = "这个账号已经停用。请去掉这一行，或换一个登录名。"
            look.wrong(row, "login", zh, "This account is disabled: take the row out, or give another log-in.")
        else:
            before = {"name": there.name, "phone": there.phone or ""}
            look.compare(row, f"{login} {there.name}", before, _changing_person(look, row, there))


def _adding_person(look: Look, row: Row) -> Callable[[], None]:
    def do() -> None:
        user = posts.open_account(
            look.work, str(row.values["login"]), str(row.values["name"]), by=look.by, now=look.now
        )
        _set_phone(user, row.values.get("phone"))
        look.users[str(user.login)] = user

    return do


def _changing_person(look: Look, row: Row, there: User) -> Callable[[], None]:
    def do() -> None:
        name, before = there.name, there.phone
        there.name = str(row.values["name"])
        _set_phone(there, row.values.get("phone"))
        if there.phone != before:  # warnings of one's log-in go to the new one from now on
            zh = f"您账号 {there.login} 的手机号改为 {masks.phone(there.phone)}。不是您要改的，马上告诉安全管理员。"
            en = f"Your log-in {there.login} has the mobile {masks.phone(there.phone)} now. If you did not ask "
            en = f"{en}for it, tell the security administrator at once."
            phones = (before, there.phone)
            notices.put_of_account(look.work, there.id, zh, en, phones=phones, hall=look.hall, now=look.now)
        differs = {"name": there.name != name, "phone": there.phone != before}
        facts = {"user": there.id, "fields": [one for one, so in differs.items() if so]}
        audit.record(look.work, audit.Kind.ACCOUNT_CHANGED, by=look.by, now=look.now, facts=facts)

    return do


def holdings_of(look: Look) -> None:
    fresh = {str(row.values["login"]) for row in look.book.of(PEOPLE)}
    roles = {code: post.role for code, post in look.posts.items()}
    roles |= {str(row.values["code"]): str(row.values["role"]) for row in look.book.of(POSTS)}
    held = _held(look)
    terms = {login: _terms(rows, roles) for login, rows in held.items()}
    for row in look.book.of(HOLDINGS):
        login, unit, post = row.key()
        user = look.users.get(login)
        if look.broken(PEOPLE, login) or look.broken(POSTS, post):
            continue
        if user is None and login not in fresh:
            zh, en = meant(login, [*look.users, *fresh], 3)
            look.wrong(row, "login", f"没有登录名“{login}”。{zh}", f"There is no log-in {login!r}. {en}")
            continue
        if user is not None and user.disabled_at is not None:
            look.wrong(row, "login", "这个账号已经停用。", "This account is disabled.")
            continue
        if user is not None and user.id == look.by.id:
            zh = "不能给自己任免岗位，请另一位安全管理员导入这一行。"
            look.wrong(row, "login", zh, "Expected somebody else than yourself.")
            continue
        if post not in roles:
            zh, en = meant(post, roles)
            look.wrong(row, "post", f"没有岗位“{post}”。{zh}", f"There is no post {post!r}. {en}")
            continue
        there = held.get(login, {}).get((unit, post))
        over = there is not None and there.until_on is not None and there.until_on < local_date(look.now)
        term = _term(look, row, None if over else there)  # a term that is over begins anew
        if not look.unit(row, "unit") or term is None:
            continue
        beside = _beside(terms.setdefault(login, {}), (unit, post), roles[post], term)
        if beside:
            zh = "、".join(administrators.ROLES[one][0] for one in (roles[post], beside))
            zh = f"{login} 同时是{zh}。三员要由三个人担任，请把其中一个岗位给别人。"
            look.wrong(row, "post", zh, "The three administrators are three people: give one post to another.")
            continue
        terms[login][unit, post] = (roles[post], term)
        title = f"{login} {unit} {post}"
        if there is None or (over and term != (there.from_on, there.until_on)):
            look.new(row, title, _taking(look, row, term))
        else:
            before = {"from_on": there.from_on, "until_on": there.until_on}
            look.compare(row, title, before, _taking(look, row, term))


def _held(look: Look) -> dict[str, dict[tuple[str, str], Holding]]:
    """What everybody of the file holds: log-in -> (unit's code, post's code) -> the row."""
    rows = look.work.session.execute(
        select(User.login, Holding, Post.code)
        .join(Holding, Holding.user_id == User.id)
        .join(Post, Post.id == Holding.post_id)
        .where(User.id.in_([user.id for user in look.users.values()]))
        .order_by(Holding.id)
    )
    found: dict[str, dict[tuple[str, str], Holding]] = {}
    for login, holding, post in rows:
        found.setdefault(str(login), {})[look.code_of(holding.unit_id), post] = holding
    return found


def _term(look: Look, row: Row, there: Holding | None) -> tuple[date | None, date | None] | None:
    first = row.values.get("from_on", there.from_on if there is not None else None)
    last = row.values.get("until_on", there.until_on if there is not None else None)
    if first is not None and last is not None and last < first:
        look.wrong(row, "until_on", "最后一天要不早于第一天。", "Expected the last day not before the first.")
        return None
    return first, last


def _taking(look: Look, row: Row, term: tuple[date | None, date | None]) -> Callable[[], None]:
    def do() -> None:
        posts.hold(
            look.work,
            look.users[str(row.values["login"])].id,
            look.place(row.values["unit"]).id,
            str(row.values["post"]),
            from_on=term[0],
            until_on=term[1],
            by=look.by,
            now=look.now,
        )

    return do


def _set_phone(user: User, phone: Any) -> None:
    if phone:
        user.phone, user.phone_index = str(phone), keys.blind("phone", str(phone))


def _terms(
    held: Mapping[tuple[str, str], Holding], roles: Mapping[str, str]
) -> dict[tuple[str, str], tuple[str, _Term]]:
    return {key: (roles[key[1]], (one.from_on, one.until_on)) for key, one in held.items()}


def _beside(
    terms: Mapping[tuple[str, str], tuple[str, _Term]], this: tuple[str, str], role: str, term: _Term
) -> str | None:
    """Another of the three administrators' roles that this person would hold on a day of this term."""
    if role not in administrators.ROLES:
        return None
    for key, (other, held) in terms.items():
        if key != this and other in administrators.ROLES and other != role and administrators.meet(term, held):
            return other
    return None
