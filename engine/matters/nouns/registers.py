"""Registers 台账: typed records that outlive a case. What one declares, and whether an entry is as declared. Pure.

    registers:
      volunteer:
        title: 志愿者
        title_en: Volunteers
        about: person                 # one entry a person; `thing`: by its `key`; `case`: a line a case leaves behind
        fields:
          skills:  {title: 特长, title_en: Skills, type: list, options: {barber: 理发, nurse: 护理}}
          insured: {title: 保险到期, title_en: Insured until, type: date}
        states: {active: 在册, left: {title: 已退出, ends: true}}
        valid_until: insured
        readers: [window]
        writers: [window]
        search: [name, skills]
        keep: 3y

Values of an entry are JSON: text, numbers, true and false, days as 2026-09-18, lists, and rows (lists of objects).
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints, field_validator, model_validator

from engine import dmn, feel
from engine.dmn import elements
from engine.errors import FieldError, Invalid
from engine.findings import meant
from engine.forms.kinds import CHECKS, Wrong
from engine.matters.schema import Fault, Part, wrong, wrong_at
from engine.matters.taking_part import Id

Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
#: A field's name: also a name in FEEL, so without dashes.
FieldName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
#: How long: 90d, 6m, 3y.
Span = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,3}[dmy]$")]

#: What every entry has beside its fields, so no field has one of these names.
OWN = ("key", "name", "state", "valid_until", "since", "place")
#: What may be searched beside fields: the person's name (or the label of a thing), telephone, identity number, the key.
SEARCHED = ("name", "phone", "id_number", "key")
#: What an entry whose day has passed is in, whatever its state was. No state is declared by this name.
EXPIRED = "expired"
#: The notice that an entry runs out, or has; of a story it stands among those of the case that made the entry.
RUNS_OUT = "register"
#: Kinds of fields whose every reading leaves a line in the record.
SENSITIVE = frozenset({"health", "child"})
#: Kinds of fields that are about somebody: blind in the index, masked on pages.
ABOUT_SOMEBODY = frozenset({"personal", "health", "child"})

#: The longest text, list and rows an entry may hold.
MOST_TEXT, MOST_ITEMS, MOST_ROWS = 2000, 100, 200
#: No number of an entry reaches this far.
MOST_NUMBER = 10**15
_ZERO = Decimal(0)


class _Declared(Part):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class RegisterColumn(_Declared):
    """One column of a field of rows."""

    title: Title = Field(description="叫什么 · what people call it")
    title_en: str = Field(default="", description="英文 · the same in English")
    type: Literal["text", "number", "boolean", "date", "choice"] = Field(
        default="text", description="填什么 · what it holds"
    )
    check: str = Field(default="", description="校验，种类同表单 · a check, of the kinds forms have")
    options: dict[str, Title] = Field(default={}, description="选项：值 → 文字 · of a choice: value → words")
    required: bool = Field(default=False, description="必填 · whether it must be there")

    @model_validator(mode="after")
    def _fits(self) -> RegisterColumn:
        _check_fits(self.check, self.type)
        _options_fit(self.type, bool(self.options), ("choice",))
        return self


class RegisterField(_Declared):
    """One field of a register."""

    title: Title = Field(description="叫什么 · what people call it")
    title_en: str = Field(default="", description="英文 · the same in English")
    type: Literal["text", "long", "number", "boolean", "date", "choice", "list", "rows"] = Field(
        default="text",
        description="填什么：文字、长文字、数字、是否、日期、一个选项、几个（选项或文字）、几行 · what it holds; list: "
        "several options or texts; rows: several rows of `columns`",
    )
    kind: Literal["plain", "personal", "health", "child"] = Field(
        default="plain",
        description="plain 谁都不涉及；personal 个人信息；health 健康、child 儿童是敏感信息，要另写 readers，每次查看"
        "都有记录 · plain: about nobody; personal; health and child are sensitive: readers of their own, every reading "
        "is recorded",
    )
    readers: tuple[Id, ...] = Field(
        default=(),
        description="哪些岗位看这一项；不写按台账的 · posts that read this field; else those of the register",
    )
    mask: Literal["", "phone", "id", "name", "tail", "hidden", "none"] = Field(
        default="",
        description="给人看时怎样遮：电话、证件号、姓名、只留末四位、全遮、不遮；不写时，个人信息全遮或按校验 · how "
        "it is "
        "masked; without it personal data are hidden, or masked as their check says",
    )
    check: str = Field(default="", description="校验，种类同表单 · a check, of the kinds forms have")
    words: bool = Field(
        default=False,
        description="目录里按其中任意几个字也能找到，只用于不涉及个人的文字 · found in a catalogue by any part of it; "
        "a plain text only",
    )
    options: dict[str, Title] = Field(default={}, description="选项：值 → 文字 · of a choice or list: value → words")
    least: int | None = Field(
        default=None,
        description="数字最小是多少，少于它的记不进；库存写 0 · of a number: nothing below it is kept; 0 for a stock",
    )
    most: int | None = Field(default=None, description="数字最大是多少 · of a number: nothing above it is kept")
    source: Id | Literal[""] = Field(
        default="",
        alias="from",
        description="选项是这个决策里同名输入的值 · options are the values of the input of this name in a decision",
    )
    columns: dict[FieldName, RegisterColumn] = Field(default={}, description="几行里的每一列 · of rows: their columns")
    required: bool = Field(default=False, description="新记一条时必填 · whether a new entry must have it")
    keep: Span | Literal[""] = Field(
        default="",
        description="结束以后这一项再留多久（90d、6m、3y）；不写按台账的 · how long this field is kept after the entry "
        "ended; else as the register",
    )

    @model_validator(mode="after")
    def _fits(self) -> RegisterField:
        _check_fits(self.check, self.type)
        _options_fit(self.type, bool(self.options or self.source), ("choice", "list"))
        if (self.least is not None or self.most is not None) and self.type != "number":
            raise wrong("least、most 只用于 type: number。", "Only a number has least and most.")
        if self.least is not None and self.most is not None and self.least > self.most:
            raise wrong("least 比 most 大。", "least is larger than most.")
        if self.options and self.source:
            raise wrong("options 和 from 只写一个。", "Write either options or from.")
        if (self.type == "rows") != bool(self.columns):
            raise wrong("type: rows 要写 columns，其他类型不写。", "Rows have columns; no other type has.")
        if self.words and (self.type != "text" or self.kind != "plain"):
            raise wrong(
                "words 只用于 type: text、kind: plain：个人信息不能按其中的字来找。",
                "Only a plain text is found by a part of it (words), nothing about somebody.",
            )
        if self.kind in SENSITIVE and not self.readers:
            raise wrong(
                "健康、儿童信息要写 readers：哪些岗位可以看。",
                "A field of kind health or child needs readers: the posts that may read it.",
            )
        return self

    @property
    def masked_as(self) -> str:
        """How it is masked: as written, else as its check and kind say."""
        if self.mask or self.kind == "plain":
            return self.mask or "none"
        return {"cn-id": "id", "cn-mobile": "phone", "cn-phone": "phone", "bank-card": "tail"}.get(self.check, "hidden")


class RegisterState(_Declared):
    """One state of an entry."""

    title: Title = Field(description="叫什么 · what people call it")
    title_en: str = Field(default="", description="英文 · the same in English")
    ends: bool = Field(
        default=False,
        description="到了这个状态就算结束，保存期限从此起算 · the entry has ended; `keep` counts from then",
    )


class RegisterExpiry(_Declared):
    """Who is told that an entry's valid_until comes near, and that it has passed."""

    before: Span = Field(default="30d", description="到期前多久提醒 · how long before it is said")
    tells: tuple[Id, ...] = Field(
        default=("person",),
        description="告诉谁：person 本人，或岗位 · who is told: person, whom it is about, or posts",
    )
    says: Title | Literal[""] = Field(
        default="",
        description="对岗位怎么说（七天没有巡查）；不写说“过期” · what posts are told, when “run out” is not the word",
    )
    says_en: str = Field(default="", description="英文 · the same in English")


class RegisterReach(_Declared):
    """How far it is from each village to the nearest facility of each kind; its entries are ways measured."""

    village: FieldName = Field(description="村（社区）代码在哪一项 · the field with the village's code")
    kind: FieldName = Field(
        description="设施的种类在哪一项，要有 options；写了 places 的，是那个台账的一项，可以是几种（list） · the "
        "field with the facility's kind, with options; with places a field of that register, which may be a list"
    )
    facility: FieldName = Field(
        description="设施的名称在哪一项；写了 places 的，是那个台账的 key · the field with its name; with places the "
        "key of one of its entries"
    )
    minutes: FieldName = Field(description="要几分钟在哪一项 · the field with the minutes")
    mode: FieldName | Literal[""] = Field(default="", description="怎么去在哪一项 · the field with how one goes")
    measured_on: FieldName | Literal[""] = Field(default="", description="哪天量的在哪一项 · the day it was measured")
    limit: int = Field(default=15, ge=1, le=600, description="几分钟以内算够得着 · within reach: so many minutes")
    further: int = Field(
        default=0,
        ge=0,
        le=600,
        description="第二个圈，如 30 分钟；不写只有一个圈 · a second circle, such as 30 minutes; 0: only one",
    )
    on_foot: tuple[str, ...] = Field(
        default=(),
        description="第一个圈只算这样去的（mode 的选项），如步行；不写都算 · for the first circle only these ways of "
        "going count, such as on foot; without, all do",
    )
    places: Id | Literal[""] = Field(
        default="",
        description="设施另记一个台账（about: thing），写它的名称；结束了、过期了的设施不算 · the register of the "
        "facilities; those that ended or expired do not count",
    )
    shows: tuple[FieldName, ...] = Field(
        default=(),
        description="群众在“身边有什么”里看到设施的哪几项；不写，不给群众看 · what residents read of a facility; "
        "without, the page is the staff's",
    )
    tells: Id | Literal[""] = Field(
        default="",
        description="缺什么、路程不对，从哪个事项告诉我们 · the matter by which people say what is missing or wrong",
    )


class RegisterCurve(_Declared):
    """What the person themself sees of the lines that their own cases left: each number by its day, and a table."""

    on: FieldName = Field(description="哪天，是日期的一项 · the field with the day")
    lines: tuple[FieldName, ...] = Field(
        min_length=1, max_length=8, description="画成曲线的各项，都是数字 · numbers that are drawn, each by itself"
    )
    title: Title = Field(description="本人的页面叫什么：我的测量 · what the person's page calls it")
    title_en: Title = Field(description="英文 · the same in English")


class Register(_Declared):
    """A register (台账): its fields, states and readers."""

    title: Title = Field(description="叫什么：志愿者、图书 · what it is called")
    title_en: Title = Field(description="英文 · the same in English")
    about: Literal["person", "thing", "case"] = Field(
        description="person 一人一条；thing 一物一条，按 key；case 办件里记的一行（走访、回访） · one entry a "
        "person; one a "
        "thing, by its key; or a line that a case leaves (a visit)"
    )
    key: FieldName | Literal[""] = Field(
        default="", description="物：按哪一项认 · of things: the field by which one is known"
    )
    label: FieldName | Literal[""] = Field(
        default="", description="列表上显示哪一项；人显示姓名，物不写就显示 key · what lists show: else the name or key"
    )
    fields: dict[FieldName, RegisterField] = Field(default={}, description="各项 · its fields")
    states: dict[Id, RegisterState] = Field(
        default={},
        description="状态：名称 → 文字（或 {title, ends}）；第一个是新记时的 · states; the first is that of a new "
        "entry",
    )
    valid_until: str = Field(
        default="",
        description="有效到哪天：一个日期项，或以 = 开头的 FEEL（各项可用） · until when an entry is valid: a field "
        "that is "
        "a date, or FEEL over the fields after =",
    )
    runs_out: RegisterExpiry | None = Field(
        default=None, description="快到期、到期时告诉谁 · who is told when it is about to expire, and has"
    )
    readers: tuple[Id, ...] = Field(
        default=(),
        description="哪些岗位在自己的单位和下级看 · posts that read it, in their unit and below",
    )
    writers: tuple[Id, ...] = Field(
        default=(),
        description="哪些岗位可以直接增改；不写只由办件记 · posts that add and change entries by hand; else only "
        "cases do",
    )
    search: tuple[FieldName, ...] = Field(
        default=(),
        description="按什么查：name、phone、id_number、key 和各项 · what is searched: name, phone, id_number, key, "
        "fields",
    )
    keep: Span | Literal[""] = Field(
        default="", description="结束以后留多久（90d、6m、3y） · how long entries are kept after they ended"
    )
    formerly: tuple[str, ...] = Field(
        default=(), description="以前的名称，旧的记录在它下面 · earlier names, under which old lines stand"
    )
    reach: RegisterReach | None = Field(
        default=None,
        description="量路程的台账：哪些项是村、设施、分钟，页面列出每个村离各种设施多远 · ways measured: which fields "
        "are the village, the facility and the minutes; a page shows how far each village is from each kind",
    )
    curve: RegisterCurve | None = Field(
        default=None,
        description="只给本人看的曲线和表：他的办件记下的数（量血压），只用于 about: case · a curve and a table "
        "that the person alone sees, of what their cases left here; only of about: case",
    )
    accounts: Literal["resident", "staff"] = Field(
        default="resident",
        description="关于的人用哪种账号：resident 居民的；staff 工作人员的（调解员名册），只用于 about: person · which "
        "account the person has: a resident's; staff: the hall's own people",
    )
    feeds: Literal["", "press"] = Field(
        default="",
        description="press：列入“督办”的，销号以前负责人在那一页看得到（number、unit、why、on） · press: what stands "
        "in it is on the page of pressed orders until its state ends",
    )

    @field_validator("states", mode="before")
    @classmethod
    def _short(cls, states: Any) -> Any:
        if isinstance(states, Mapping):
            return {key: {"title": one} if isinstance(one, str) else one for key, one in states.items()}
        return states

    @model_validator(mode="after")
    def _fits(self) -> Register:
        faults = list(self._faults())
        if faults:
            raise wrong_at(faults)
        return self

    def _faults(self) -> Iterator[Fault]:
        for name in self.fields:
            if name in OWN:
                yield (
                    ("fields", name),
                    f"“{name}”每一条都有，请给这一项换个名字。",
                    f"Every entry has “{name}” already; give the field another name.",
                )
        if EXPIRED in self.states:
            yield (
                ("states", EXPIRED),
                "“expired”是过了有效期的意思，不能声明。",
                "“expired” means that valid_until has passed; it is not declared.",
            )
        if self.accounts == "staff" and self.about != "person":
            yield (
                ("accounts",),
                "accounts: staff 只用于 about: person。",
                "accounts: staff is of registers about persons.",
            )
        if (self.about == "thing") != bool(self.key):
            yield (
                ("key",),
                "about: thing 要写 key（按哪一项认），其他不写。",
                "A register about things has a key, no other has.",
            )
        for at in ("key", "label"):
            yield from self._field(at, getattr(self, at), ())
        for name in self.search:
            yield from self._field("search", name, SEARCHED)
            field = self.fields.get(name)
            if field is not None and field.type in ("long", "rows"):
                yield (
                    ("search",),
                    f"“{name}”是长文字或几行，不能按它查。",
                    f"“{name}” is a long text or rows and cannot be searched.",
                )
        if self.valid_until.startswith("="):
            yield from self._expression()
        else:
            yield from self._field("valid_until", self.valid_until, ())
            field = self.fields.get(self.valid_until)
            if field is not None and field.type != "date":
                yield (
                    ("valid_until",),
                    f"“{self.valid_until}”不是日期。",
                    f"“{self.valid_until}” is no date.",
                )
        if self.runs_out is not None and not self.valid_until:
            yield (("runs_out",), "没有 valid_until，不会到期。", "Without valid_until nothing expires.")
        if self.reach is not None:
            yield from self._reaches(self.reach)
        if self.curve is not None:
            yield from self._curve(self.curve)
        ends = any(state.ends for state in self.states.values())
        kept: list[tuple[tuple[str, ...], str]] = [(("keep",), self.keep)]
        kept += [(("fields", name, "keep"), field.keep) for name, field in self.fields.items()]
        for where, keep in kept:
            if keep and not ends and not self.valid_until and self.about != "case":
                yield (
                    where,
                    "要有结束的状态（ends: true）或 valid_until，保存期限才有起点。",
                    "keep needs a state with ends: true, or valid_until, to count from.",
                )

    def _reaches(self, reach: RegisterReach) -> Iterator[Fault]:
        types = {"kind": "choice", "minutes": "number", "measured_on": "date"}
        for at in ("village", "kind", "facility", "minutes", "mode", "measured_on"):
            type = types.get(at, "")
            name = getattr(reach, at)
            if not name or (at == "kind" and reach.places):  # of the other register: the gate knows it
                continue
            field = self.fields.get(name)
            if field is None:
                zh, en = meant(name, self.fields)
                yield (("reach", at), f"fields 里没有“{name}”。{zh}", f"fields has no “{name}”. {en}")
            elif type and field.type != type:
                yield (("reach", at), f"“{name}”应是 type: {type}。", f"“{name}” should have type: {type}.")
        if 0 < reach.further <= reach.limit:
            yield (
                ("reach", "further"),
                f"第二个圈应大于 {reach.limit} 分钟。",
                f"The second circle should be wider than {reach.limit} minutes.",
            )
        if reach.shows and not reach.places:
            yield (
                ("reach", "shows"),
                "shows 是设施台账的几项，要写 places。",
                "shows are fields of the facilities' register: name it in places.",
            )
        modes = self.fields[reach.mode].options if reach.mode in self.fields else {}
        for one in reach.on_foot:
            if one not in modes:
                zh, en = meant(one, modes)
                yield (("reach", "on_foot"), f"mode 没有选项“{one}”。{zh}", f"mode has no option “{one}”. {en}")

    def _curve(self, curve: RegisterCurve) -> Iterator[Fault]:
        if self.about != "case":
            yield (
                ("curve",),
                "curve 只用于 about: case：一行是一次。",
                "A curve is of a register about cases: a line is one time.",
            )
        for at, name, type in (("on", curve.on, "date"), *(("lines", one, "number") for one in curve.lines)):
            field = self.fields.get(name)
            if field is None:
                zh, en = meant(name, self.fields)
                yield (("curve", at), f"fields 里没有“{name}”。{zh}", f"fields has no “{name}”. {en}")
            elif field.type != type:
                yield (("curve", at), f"“{name}”应是 type: {type}。", f"“{name}” should have type: {type}.")

    def _field(self, at: str, name: str, more: Iterable[str]) -> Iterator[Fault]:
        known = [*self.fields, *more]
        if name and name not in known:
            zh, en = meant(name, known)
            yield ((at,), f"fields 里没有“{name}”。{zh}", f"fields has no “{name}”. {en}")

    def _expression(self) -> Iterator[Fault]:
        try:
            made = feel.compile(self.valid_until[1:])
        except feel.FeelError as error:
            yield (("valid_until",), f"FEEL 写法不对：{error.zh}", f"No FEEL: {error.en}")
            return
        known = {*self.fields, "since"}
        for name in made.names_outside_filters:
            if name not in known:
                zh, en = meant(name, known)
                yield (("valid_until",), f"没有“{name}”这一项。{zh}", f"There is no field “{name}”. {en}")

    # ------------------------------------------------------------ what it says of an entry

    @property
    def sensitive(self) -> frozenset[str]:
        """Its fields of health and children."""
        return frozenset(name for name, field in self.fields.items() if field.kind in SENSITIVE)

    @property
    def first_state(self) -> str:
        return next(iter(self.states), "")

    def ends(self, state: str) -> bool:
        found = self.states.get(state)
        return found is not None and found.ends

    def until(self, values: Mapping[str, Any], since: date) -> date | None:
        """Until when an entry with these values is valid; None: for ever, or nobody said."""
        if not self.valid_until:
            return None
        if not self.valid_until.startswith("="):
            return day(values.get(self.valid_until))
        given = feel.compile(self.valid_until[1:]).evaluate({**self.typed(values), "since": since})
        return given if type(given) is date else None

    def typed(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values as FEEL computes with them: days are days; a field without a value is null."""
        return {name: _typed(field, values.get(name)) for name, field in self.fields.items()}

    def indexed(self, values: Mapping[str, Any]) -> list[tuple[str, str, bool]]:
        """(field, text, whether it is about somebody) of everything searched in these values."""
        found = []
        for name in self.search:
            field = self.fields.get(name)
            value = values.get(name) if field is not None else None
            if field is None or value is None or value == "":
                continue
            for one in value if isinstance(value, list) else [value]:
                found.append((name, as_text(one), field.kind in ABOUT_SOMEBODY))
        for name, field in self.fields.items():
            if field.words and values.get(name):
                found += [(f"{name}~", part, False) for part in parts(as_text(values[name]))]
        return found

    def sums(self, kept: Mapping[str, Any], add: Mapping[str, Any], at: str = "") -> dict[str, Any]:
        """What the numbers of an entry become when these are added: exact, so that a stock of tenths stays one.

        Raises Invalid, naming the field that is no number of this register, or what is no number."""
        found: dict[str, Any] = {}
        errors: list[FieldError] = []
        for name, given in add.items():
            field = self.fields.get(name)
            if field is None or field.type != "number":
                zh, en = meant(name, [n for n, f in self.fields.items() if f.type == "number"], 40)
                errors.append(FieldError(f"{at}{name}", name, f"“{name}”不是数字，加不了。{zh}", f"No number. {en}"))
                continue
            said = _one(field.title, "number", "", {}, given, f"{at}{name}")
            if isinstance(said, FieldError):
                errors.append(said)
                continue
            total = _exact(kept.get(name)) + _exact(said)
            found[name] = int(total) if total == total.to_integral_value() else total
        if errors:
            raise Invalid(errors)
        return found

    def read(
        self,
        values: Mapping[str, Any],
        *,
        options: Mapping[str, Mapping[str, str]] | None = None,
        new: bool = False,
        at: str = "",
    ) -> dict[str, Any]:
        """The values as an entry keeps them; a value of None or "" empties its field.

        options: of the fields whose options come from a decision. new: what is required must be there.
        at: what stands before the field in the errors. Raises Invalid, naming each field.
        """
        errors: list[FieldError] = []
        found: dict[str, Any] = {}
        for name, given in values.items():
            field = self.fields.get(name)
            if field is None:
                zh, en = meant(name, self.fields, 40)
                errors.append(FieldError(f"{at}{name}", name, f"台账“{self.title}”没有这一项。{zh}", f"No field. {en}"))
                continue
            said = _read(field, given, (options or {}).get(name, field.options), f"{at}{name}")
            if isinstance(said, list) and said and isinstance(said[0], FieldError):
                errors += said
            else:
                found[name] = said
        if new:
            for name, field in self.fields.items():
                if field.required and found.get(name) in (None, "", []):
                    errors.append(FieldError(f"{at}{name}", field.title, "这一项必填。", "This field is required."))
        if errors:
            raise Invalid(errors)
        return found


def _check_fits(check: str, type: str) -> None:
    if check and check not in CHECKS:
        zh, en = meant(check, CHECKS)
        raise wrong(f"没有校验“{check}”。{zh}", f"There is no check “{check}”. {en}")
    if check and type != "text":
        raise wrong("check 只用于 type: text。", "Only a text has a check.")


def _options_fit(type: str, some: bool, may: tuple[str, ...]) -> None:
    if some and type not in may:
        raise wrong(f"选项只用于 type: {'、'.join(may)}。", f"Only {' and '.join(may)} have options.")
    if type == "choice" and not some:
        raise wrong("type: choice 要写 options 或 from。", "A choice has options or from.")


def day(value: Any) -> date | None:
    """The day a value says; None when it says none."""
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value)[:10]) if value else None
    except ValueError:
        return None


def as_text(value: Any) -> str:
    """A plain value as it is searched and shown: numbers without a trailing point, true and false by name."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float | Decimal) and value == int(value):
        return str(int(value))
    return str(value)


#: A text that is found by a part of it has no more parts than this in the index.
MOST_PARTS = 60


def parts(text: str) -> list[str]:
    """What a text is found by: its single characters and each two that stand together, without spaces and marks.

    >>> parts("红楼梦"), parts("Go 语言")
    (['红', '楼', '梦', '红楼', '楼梦'], ['g', 'o', '语', '言', 'go', 'o语', '语言'])
    """
    signs = [one for one in text.casefold() if one.isalnum()]
    found = [*signs, *(a + b for a, b in zip(signs, signs[1:], strict=False))]
    return list(dict.fromkeys(found))[:MOST_PARTS]


_SPAN = re.compile(r"^([0-9]+)([dmy])$")


def after(start: date, span: str) -> date:
    """The day so long after another; a month that is too short ends earlier.

    >>> after(date(2026, 1, 31), "1m"), after(date(2024, 2, 29), "1y"), after(date(2026, 1, 1), "90d")
    (datetime.date(2026, 2, 28), datetime.date(2025, 2, 28), datetime.date(2026, 4, 1))
    """
    return _moved(start, span, 1)


def before(end: date, span: str) -> date:
    """The day so long before another.

    >>> before(date(2026, 3, 31), "1m"), before(date(2026, 4, 1), "90d")
    (datetime.date(2026, 2, 28), datetime.date(2026, 1, 1))
    """
    return _moved(end, span, -1)


def _moved(start: date, span: str, way: int) -> date:
    found = _SPAN.match(span)
    if found is None:
        raise ValueError(f"Expected a span such as 90d, 6m or 3y, but got {span!r}")
    n = way * int(found[1])
    if found[2] == "d":
        return start + timedelta(days=n)
    year, month = divmod(start.year * 12 + start.month - 1 + (n if found[2] == "m" else 12 * n), 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))


def _typed(field: RegisterField | RegisterColumn, value: Any) -> Any:
    if isinstance(field, RegisterField) and field.type == "rows":
        rows = value if isinstance(value, list) else []
        return [
            {name: _typed(column, row.get(name)) for name, column in field.columns.items()}
            for row in rows
            if isinstance(row, Mapping)
        ]
    if field.type == "date":
        return day(value)
    return value


def _read(field: RegisterField, given: Any, options: Mapping[str, str], at: str) -> Any:
    """The value a field keeps, or a list of FieldErrors."""
    if given is None or given == "" or given == []:
        return None
    if field.type == "list":
        listed = given if isinstance(given, list | tuple) else [given]
        if len(listed) > MOST_ITEMS:
            return [FieldError(at, field.title, f"最多 {MOST_ITEMS} 项。", f"At most {MOST_ITEMS} items.")]
        out: list[Any] = []
        for one in listed:
            said = _one(field.title, "choice" if options else "text", field.check, options, one, at)
            if isinstance(said, FieldError):
                return [said]
            if said is not None and said not in out:
                out.append(said)
        return out or None
    if field.type == "rows":
        return _rows(field, given, at)
    said = _one(field.title, field.type, field.check, options, given, at)
    if field.type == "number" and said is not None and not isinstance(said, FieldError):
        return _within(field, said, at) or said
    return [said] if isinstance(said, FieldError) else said


def _within(field: RegisterField, value: Any, at: str) -> list[FieldError]:
    """What is wrong with a number that is outside of what its field holds."""
    if field.least is not None and value < field.least:
        zh = f"“{field.title}”不能少于 {field.least}，这样就成了 {as_text(value)}。"
        en = f"“{field.title_en or field.title}” is never below {field.least}; this would make it {as_text(value)}."
        return [FieldError(at, field.title, zh, en)]
    if field.most is not None and value > field.most:
        zh = f"“{field.title}”不能多于 {field.most}，这样就成了 {as_text(value)}。"
        en = f"“{field.title_en or field.title}” is never above {field.most}; this would make it {as_text(value)}."
        return [FieldError(at, field.title, zh, en)]
    return []


def _exact(value: Any) -> Decimal:
    return Decimal(str(value)) if isinstance(value, int | float | Decimal) and not isinstance(value, bool) else _ZERO


def _rows(field: RegisterField, given: Any, at: str) -> Any:
    if not isinstance(given, list | tuple) or not all(isinstance(one, Mapping) for one in given):
        return [FieldError(at, field.title, "应是几行，每行按列填。", "Expected rows, each with its columns.")]
    if len(given) > MOST_ROWS:
        return [FieldError(at, field.title, f"最多 {MOST_ROWS} 行。", f"At most {MOST_ROWS} rows.")]
    errors, rows = [], []
    for n, row in enumerate(given):
        kept = {}
        for name in row:
            if name not in field.columns:
                zh, en = meant(str(name), field.columns)
                errors.append(FieldError(f"{at}.{n}.{name}", str(name), f"没有这一列。{zh}", f"No column. {en}"))
        for name, column in field.columns.items():
            where = f"{at}.{n}.{name}"
            said = _one(column.title, column.type, column.check, column.options, row.get(name), where)
            if isinstance(said, FieldError):
                errors.append(said)
            elif said is None and column.required:
                errors.append(FieldError(where, column.title, "这一列必填。", "This column is required."))
            elif said is not None:
                kept[name] = said
        if kept:
            rows.append(kept)
    return errors or rows or None


def _one(title: str, type: str, check: str, options: Mapping[str, str], given: Any, at: str) -> Any:
    """One plain value, or what is wrong with it."""
    if given is None or given == "":
        return None
    match type:
        case "boolean":
            if isinstance(given, bool):
                return given
            return FieldError(at, title, "应为 是 或 否。", "Expected yes or no.")
        case "number":
            if isinstance(given, bool) or not isinstance(given, int | float | Decimal):
                return FieldError(at, title, f"应是数字，现在是“{_cut(given)}”。", f"Expected a number, not {given!r}.")
            if not -MOST_NUMBER < given < MOST_NUMBER:  # nan too
                return FieldError(at, title, "这个数太大。", "The number is too large.")
            return given
        case "date":
            found = given.isoformat() if isinstance(given, date) else str(given)
            if day(found) is None or not re.match(r"^\d{4}-\d{2}-\d{2}", found):
                zh = f"应是日期，写作 2026-09-18，现在是“{_cut(given)}”。"
                return FieldError(at, title, zh, f"Expected a date such as 2026-09-18, not {given!r}.")
            return found[:10]
        case "choice":
            if str(given) in options:
                return str(given)
            by_words = next((value for value, words in options.items() if words == str(given).strip()), None)
            if by_words is not None:
                return by_words
            zh, en = meant(str(given), options.values(), 20)
            return FieldError(at, title, f"没有“{_cut(given)}”这个选项。{zh}", f"There is no option {given!r}. {en}")
    if isinstance(given, Mapping | list | tuple | bool):
        return FieldError(at, title, "应是文字。", "Expected text.")
    text = as_text(given).strip()
    if len(text) > MOST_TEXT:
        return FieldError(at, title, f"最多 {MOST_TEXT} 个字。", f"At most {MOST_TEXT} characters.")
    if check:
        said = CHECKS[check](text)
        return FieldError(at, title, said.zh, said.en) if isinstance(said, Wrong) else said
    return text or None


def _cut(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 30 else f"{text[:29]}…"


def decided(models: Mapping[str, dmn.Model], decision: str, name: str) -> tuple[str, ...] | None:
    """The values that the input of this name may have in a decision table: those it allows, else those of its rules.
    None: no such decision, or none with that input."""
    model = models.get(decision)
    found = model.find(decision) if model is not None else None
    logic = found.logic if isinstance(found, elements.Decision) else None
    if not isinstance(logic, elements.Table):
        return None
    for n, clause in enumerate(logic.inputs):
        if clause.expression.text.strip() == name:
            texts = [clause.values] if clause.values else [rule.inputs[n].text for rule in logic.rules]
            said = [one for text in texts for one in re.findall(r'"((?:[^"\\]|\\.)*)"', text)]
            return tuple(dict.fromkeys(said))
    return None
