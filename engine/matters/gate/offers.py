"""offers: every unit, form, decision, message and name in a declaration means something; effects name what is declared
for them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from engine import feel
from engine.dmn.elements import Table
from engine.findings import meant
from engine.matters.gate.answers import answered
from engine.matters.gate.decisions import by_id
from engine.matters.gate.form_rules import paths_of
from engine.matters.gate.reading import Reading
from engine.matters.gate.registers import offered
from engine.matters.nouns import Declared
from engine.matters.nouns.offers import DELIVERED, HEARD, Offer, OfferHours, OfferNeed, OfferOpened
from engine.matters.nouns.registers import OWN, Register
from engine.process.language import model as m

#: What an expression of an offer may read of a person, and of what is booked (engine/reads/knowing.py, offers.py).
PERSON = ("name", "age", "village")
BOOKED = ("name", "place", "starts_at", "ends_at", "day")
#: What is known of a booking that went otherwise, and of the time somebody was there (engine/reads/attending.py).
BOOKING = ("number", "role", "price", "phone", "at", "words")
ATTENDED = ("minutes", "hours", "day", "from", "until")
#: Kinds of units that may have an offer.
KINDS = ("county", "office", "centre", "town", "village", "community", "committee")


def check(reading: Reading) -> None:
    for one in reading.declared("offers").values():
        assert isinstance(one.what, Offer)
        _places(reading, one, one.what)
        _names(reading, one, one.what)
        for where, text in _expressions(one.what):
            _reads(reading, one, one.what, text, *where)
        _hours(reading, one, one.what)
        _choice(reading, one, one.what)
        _delivered(reading, one, one.what)
        _door_paper(reading, one, one.what)
        _subsidies(reading, one, one.what)
    for file, _, _, node in reading.nodes("serviceTask", "sendTask"):
        _effect(reading, file, node)


def _places(reading: Reading, one: Declared, offer: Offer) -> None:
    """The units that have it."""
    known = [*KINDS, *(reading.county.by_code if reading.county is not None else ())]
    for n, at in enumerate(offer.at):
        if at not in known and reading.county is not None:
            zh, en = meant(at, known, 20)
            reading.of_noun(
                one,
                "offer-unit",
                f"没有单位或单位的种类“{at}”。{zh}",
                f"There is no unit or kind {at!r}. {en}",
                "at",
                n,
            )
    if offer.opens is not None and not offer.at:
        reading.of_noun(
            one,
            "offer-unit",
            "写了 opens，却没有写 at：哪些单位开放？请写单位的种类（village、town、centre）或代码。",
            "opens says when, but no `at` says which units have it: write kinds (village, town, centre) or codes.",
            "opens",
        )


def _names(reading: Reading, one: Declared, offer: Offer) -> None:
    def named(word: str, known: Iterable[str], rule: str, zh: str, en: str, *path: object) -> None:
        listed = list(known)
        if word and word not in listed:
            like = meant(word, listed, 20)
            reading.of_noun(one, rule, f"{zh}“{word}”。{like[0]}", f"{en} {word!r}. {like[1]}", *path)

    named(offer.ask, reading.forms, "offer-name", "没有表单", "There is no form", "ask")
    if offer.price is not None:
        named(offer.price.decision, reading.models, "offer-name", "没有决策", "There is no decision", "price")
        by_id(reading, one, "offer-name", offer.price.decision, "price")
        model = reading.models.get(offer.price.decision)
        wants = [wanted.name for wanted in model.wants(offer.price.decision)] if model is not None else []
        for given in offer.price.inputs if model is not None else ():
            named(given, wants, "offer-name", "决策没有输入", "The decision has no input", "price", "with", given)
        asked = _asked(reading, offer)
        for want in wants:
            if want not in offer.price.inputs and want not in asked:
                zh = f"决策要“{want}”，表单里没有，with 里也没有写。请在 price 的 with 里写它从哪里来。"
                en = f"The decision wants {want!r}, which neither form nor `with` gives: write it under price, with."
                reading.of_noun(one, "offer-price", zh, en, "price")
    if offer.delivered is not None and offer.delivered.fee is not None:
        fee = offer.delivered.fee
        named(fee.decision, reading.models, "offer-name", "没有决策", "There is no decision", "delivered", "fee")
        by_id(reading, one, "offer-name", fee.decision, "delivered", "fee")
        model = reading.models.get(fee.decision)
        wants = [wanted.name for wanted in model.wants(fee.decision)] if model is not None else []
        for given in fee.inputs if model is not None else ():
            where = ("delivered", "fee", "with", given)
            named(given, wants, "offer-name", "决策没有输入", "The decision has no input", *where)
        for want in wants:
            if want not in fee.inputs and want not in _asked(reading, offer):
                zh = f"决策要“{want}”，表单里没有，with 里也没有写。请在 fee 的 with 里写它从哪里来。"
                en = f"The decision wants {want!r}, which neither form nor `with` gives: write it under fee, with."
                reading.of_noun(one, "offer-price", zh, en, "delivered", "fee")
    staff = [name for name, x in reading.declared("registers").items() if getattr(x.what, "accounts", "") == "staff"]
    zh, en = "没有工作人员的台账（accounts: staff）", "There is no register of staff (accounts: staff)"
    named(offer.of, staff, "offer-name", zh, en, "of")
    offers = {name: x.what for name, x in reading.declared("offers").items() if isinstance(x.what, Offer)}
    events = [name for name, x in offers.items() if name != one.name and x.opened_by and not x.parent]
    zh, en = "没有由办件开放、自己不是场次的供给", "There is no offer that a case opens and that is no session itself:"
    named(offer.parent, events, "offer-name", zh, en, "parent")
    if reading.house.matters is not None:
        there = {*reading.house.matters, reading.name}
        named(offer.each, there, "offer-name", "没有事项", "There is no matter", "each")
        if isinstance(offer.hours, OfferHours):
            named(offer.hours.proof, there, "offer-name", "没有事项", "There is no matter", "hours", "proof")
        if offer.missed is not None:
            named(offer.missed.opens, there, "offer-name", "没有事项", "There is no matter", "missed", "opens")
            answered(reading, one, "offer-name", offer.missed.opens, offer.missed.answers, "missed", "answers")
        if offer.delivered is not None:
            nobody, path = offer.delivered.nobody, ("delivered", "nobody")
            named(nobody.opens, there, "offer-name", "没有事项", "There is no matter", *path, "opens")
            answered(reading, one, "offer-name", nobody.opens, nobody.answers, *path, "answers")
        for at, what in offer.left_at.items():
            named(what.opens, there, "offer-name", "没有事项", "There is no matter", "left_at", at, "opens")
            answered(reading, one, "offer-name", what.opens, what.answers, "left_at", at, "answers")
    messages = {x.name for diagram in reading.diagrams.values() for x in diagram.messages if x.name}
    for key in HEARD:
        said = getattr(offer, key)
        if said is not None:
            named(said.tells, messages, "offer-name", "流程图里没有消息", "No message of the diagram is", key, "tells")


def _expressions(offer: Offer) -> Iterator[tuple[tuple[object, ...], str]]:
    needs: list[tuple[tuple[object, ...], OfferNeed | None]] = [(("who",), offer.who)]
    needs += [(("needs", name), need) for name, need in offer.needs.items()]
    needs += [(("places", n, "who"), role.who) for n, role in enumerate(offer.roles())]
    for path, need in needs:
        if need is not None:
            yield (*path, "if"), need.if_
    if offer.choice is not None:
        for key, text in (("when", offer.choice.when), ("fits", offer.choice.fits), ("first", offer.choice.first)):
            if text:
                yield ("choice", key), text
    if offer.first:
        yield ("first",), offer.first
    if offer.price is not None:
        for name, text in offer.price.inputs.items():
            yield ("price", "with", name), text
    for name, subsidy in offer.subsidy.items():
        for key, text in (("if", subsidy.if_), ("pays", subsidy.pays)):
            if text:
                yield ("subsidy", name, key), text
    opened: list[tuple[tuple[object, ...], OfferOpened | None]] = [(("missed",), offer.missed)]
    if (to := offer.delivered) is not None:
        yield ("delivered", "round"), to.round
        yield ("delivered", "door"), to.door
        if to.who is not None:
            yield ("delivered", "who", "if"), to.who.if_
        for name, text in to.fee.inputs.items() if to.fee is not None else ():
            yield ("delivered", "fee", "with", name), text
        opened.append((("delivered", "nobody"), to.nobody))
    opened += [(("left_at", at), what) for at, what in offer.left_at.items()]
    for path, what in opened:
        for name, text in what.answers.items() if what is not None else ():
            if text.startswith("="):
                yield (*path, "answers", name), text
    if isinstance(offer.hours, OfferHours):
        for name, text in offer.hours.facts.items():
            yield ("hours", "with", name), text


def _hours(reading: Reading, one: Declared, offer: Offer) -> None:
    """The register that hours are entered into has these fields."""
    if not isinstance(offer.hours, OfferHours):
        return
    known = reading.declared("registers")
    register = known.get(offer.hours.register_)
    if register is None:
        zh, en = meant(offer.hours.register_, known, 20)
        zh, en = f"没有台账“{offer.hours.register_}”。{zh}", f"There is no register {offer.hours.register_!r}. {en}"
        reading.of_noun(one, "offer-name", zh, en, "hours", "register")
        return
    fields = getattr(register.what, "fields", {})
    for name in offer.hours.facts:
        if name not in fields:
            zh, en = meant(name, fields, 20)
            zh, en = f"台账没有“{name}”。{zh}", f"The register has no field {name!r}. {en}"
            reading.of_noun(one, "offer-name", zh, en, "hours", "with", name)


def _choice(reading: Reading, one: Declared, offer: Offer) -> None:
    """What is chosen are things of a register that everybody may read, and no answer of the form has its name."""
    if offer.choice is None:
        return
    name = offer.choice.register_
    for zh, en in offered(reading, name, "select"):
        reading.of_noun(one, "offer-name", f"choice：{zh}", f"choice: {en}", "choice", "register")
    form = reading.forms.get(offer.ask)
    if form is not None and name in {path.split(".")[0] for path in paths_of(form.form)}:
        zh = f"表单里已经有“{name}”，和选的那样同名：请给表单的那一项换个名称。"
        en = f"The form has an answer {name!r} already, which is what the choice is called: rename the form's."
        reading.of_noun(one, "offer-name", zh, en, "choice", "register")


def _delivered(reading: Reading, one: Declared, offer: Offer) -> None:
    """Who brings it has a place of another offer, whose roles are the rounds; and the answer's name is free."""
    if offer.delivered is None:
        return
    offers = {name: x.what for name, x in reading.declared("offers").items() if isinstance(x.what, Offer)}
    rounds = [name for name, x in offers.items() if name != one.name and x.roles() and x.check_in and not x.each]
    if offer.delivered.by not in rounds:
        zh, en = meant(offer.delivered.by, rounds, 20)
        zh = f"谁送：“{offer.delivered.by}”不是一个按角色（路线）报名、要签到的供给。{zh}"
        en = f"Who brings it: {offer.delivered.by!r} is no offer with places by role (rounds) and a check_in. {en}"
        reading.of_noun(one, "offer-name", zh, en, "delivered", "by")
    form = reading.forms.get(offer.ask)
    if form is not None and DELIVERED in {path.split(".")[0] for path in paths_of(form.form)}:
        zh = f"表单里已经有“{DELIVERED}”，和“送上门”那一项同名：请给表单的那一项换个名称。"
        en = f"The form has an answer {DELIVERED!r} already, which is that of being brought: rename the form's."
        reading.of_noun(one, "offer-name", zh, en, "delivered")


def _door_paper(reading: Reading, one: Declared, offer: Offer) -> None:
    """The slip of who has left is a paper of the matter, and nothing is noted twice under one name."""
    door = offer.door
    if door is None or reading.info is None:
        return
    if door.paper and door.paper not in reading.info.papers:
        zh, en = meant(door.paper, reading.info.papers, 60)
        zh, en = f"papers 里没有文书“{door.paper}”。{zh}", f"papers has no {door.paper!r}. {en}"
        reading.of_noun(one, "offer-name", zh, en, "door", "paper")
    for name in sorted(set(door.came) & set(door.left)):
        zh = f"“{name}”来的时候、走的时候都写了：请各用一个名称。"
        en = f"{name!r} is noted of who comes and of who leaves: give each a name of its own."
        reading.of_noun(one, "offer-name", zh, en, "door", "left", name)


def _subsidies(reading: Reading, one: Declared, offer: Offer) -> None:
    """Each part has an amount, and whoever is entitled to it stands in a register that there is."""
    known = reading.declared("registers")
    given = _outputs(reading, offer)
    for name, subsidy in offer.subsidy.items():
        if subsidy.register_ and subsidy.register_ not in known:
            zh, en = meant(subsidy.register_, known, 20)
            zh = f"没有台账“{subsidy.register_}”。{zh}"
            en = f"There is no register {subsidy.register_!r}. {en}"
            reading.of_noun(one, "offer-name", zh, en, "subsidy", name, "register")
        if not (subsidy.pays or subsidy.share) and given is not None and name not in given:
            others = given - {"pays"}
            zh, en = meant(name, others, 20)
            zh = f"“{name}”补多少？决策没有这个输出：请写 pays（几元）或 share（百分之几）。{zh}"
            en = f"How much does {name!r} pay? The decision has no such output: write pays or share. {en}"
            reading.of_noun(one, "offer-price", zh, en, "subsidy", name)
    if given is not None and len(given) > 1:
        for name in sorted(given - {"pays"} - set(offer.subsidy)):
            zh = f"决策还给出“{name}”，没有说谁付这一份。请在 subsidy 里写“{name}”：叫什么、谁出。"
            en = f"The decision gives {name!r} too, and nothing says who pays it: write it under subsidy."
            reading.of_noun(one, "offer-price", zh, en, "price")
        if "pays" not in given:
            zh, en = "决策的输出里没有“pays”（本人付的）。", "No output of the decision is pays, what the person pays."
            reading.of_noun(one, "offer-price", zh, en, "price")


def _outputs(reading: Reading, offer: Offer) -> set[str] | None:
    """The outputs of the price's decision, where they can be told: of a decision table."""
    model = reading.models.get(offer.price.decision) if offer.price is not None else None
    found = model.find(offer.price.decision) if model is not None and offer.price is not None else None
    logic = getattr(found, "logic", None)
    return {one.name or "pays" for one in logic.outputs} if isinstance(logic, Table) else None


def _asked(reading: Reading, offer: Offer) -> set[str]:
    form = reading.forms.get(offer.ask)
    found = {path.split(".")[0] for path in paths_of(form.form)} if form is not None else set()
    found |= {DELIVERED} if offer.delivered is not None else set()
    return found | ({offer.choice.register_} if offer.choice is not None else set())


def _of_entry(reading: Reading, offer: Offer) -> list[str] | None:
    """What may be read of a thing that is chosen."""
    one = reading.declared("registers").get(offer.choice.register_) if offer.choice is not None else None
    return [*one.what.fields, *OWN] if one is not None and isinstance(one.what, Register) else None


def _reads(reading: Reading, one: Declared, offer: Offer, text: str, *path: object) -> None:
    """It can be read, and reads what there is."""
    try:
        body = feel.compile(text.removeprefix("="))
    except feel.FeelError as error:
        reading.of_noun(one, "offer-feel", f"表达式读不懂：{error.zh}", f"It is no FEEL: {error.en}", *path)
        return
    known: dict[str, Iterable[str] | None] = {
        "person": PERSON,
        "offer": BOOKED,
        "ask": _asked(reading, offer),
        "register": list(reading.declared("registers")) if "registers" in reading.nouns else None,
        **({"booking": BOOKING} if path[0] in ("missed", "left_at") or "nobody" in path else {}),
        **({"entry": _of_entry(reading, offer)} if path[0] == "choice" else {}),
        **({"attended": ATTENDED} if path[0] == "hours" else {}),
        **({"price": None} if path[0] == "subsidy" and path[-1] == "pays" else {}),
        "bond": None,  # the hall's own and the matter's: the bonds' rules know them
    }
    for read in body.reads:
        listed = known.get(read.name, ())
        if read.name not in known:
            zh, en = meant(read.name, known)
            reading.of_noun(one, "offer-feel", f"没有“{read.name}”。{zh}", f"There is no {read.name!r}. {en}", *path)
        elif listed is not None and read.path and read.path[0] not in listed:
            zh, en = meant(read.path[0], listed)
            whole = f"{read.name}.{read.path[0]}"
            reading.of_noun(one, "offer-feel", f"没有“{whole}”。{zh}", f"There is no {whole!r}. {en}", *path)


def _door(reading: Reading, file: str, node: m.Node) -> None:
    """A door can be held where people sign in at one."""
    name = node.extension.header("offer") or ""
    doors = [n for n, one in reading.declared("offers").items() if isinstance(one.what, Offer) and one.what.check_in]
    _named(
        reading,
        file,
        node,
        name,
        doors,
        f"“{name}”的门口先不收，但 offers 里没有要签到（check_in）的这一项。",
        f"holds the door of {name!r}, but there is no offer of that name with check_in.",
    )


def _named(reading: Reading, file: str, node: m.Node, name: str, known: Collection[str], zh: str, en: str) -> None:
    """The step names one of these offers; else it is said, with the nearest there is."""
    if name not in known:
        like_zh, like_en = meant(name, known)
        reading.say(file, node, "offer-missing", f"{zh}{like_zh}", f"{en} {like_en}")


def _effect(reading: Reading, file: str, node: m.Node) -> None:
    if node.extension.task_type == "hold-arrivals" and reading.info is not None:
        _door(reading, file, node)
    if node.extension.task_type != "open-offer" or reading.info is None:  # a slip in matter.yaml is said once, there
        return
    name = node.extension.header("offer") or ""
    _address(reading, name, node)
    opened = {
        n: one
        for n, one in reading.declared("offers").items()
        if isinstance(one.what, Offer) and one.what.opened_by == "case"
    }
    _named(
        reading,
        file,
        node,
        name,
        opened,
        f"要开放供给“{name}”，offers 里没有由办件开放（opened_by: case）的这一项。",
        f"opens {name!r}, but there is no offer of that name with opened_by: case.",
    )


def _address(reading: Reading, name: str, node: m.Node) -> None:
    """Where somebody lives is not read by who was there for ever."""
    one = reading.declared("offers").get(name)
    gives = any(given.target == "address" for given in node.extension.inputs)
    if one is not None and gives and isinstance(one.what, Offer) and not one.what.address_for:
        reading.of_noun(
            one,
            "offer-address",
            "开放时给了详细地点（address），要写过后多久就看不到，如 address_for: 7cd。",
            "It is opened with an address: say for how long after it people read that, such as address_for: 7cd.",
        )
