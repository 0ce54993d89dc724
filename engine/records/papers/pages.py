"""From facts to PDF: the template is filled, every character is checked, the page is set.

The same facts give the same bytes: no clock, no random identifier, no network. The dates inside the PDF come from the
facts and its identifier from the page's own text. Signing (signing.py) comes after and is the only thing that differs.

What makes it quick, measured against plain WeasyPrint on the same page: fonts cut beforehand (fonts.py), one font
configuration and one parsed style sheet a process, compiled templates and drawn seals kept.
"""

from __future__ import annotations

import atexit
import base64
import html as html_entities
import re
import threading
import warnings
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from jinja2 import BaseLoader, TemplateSyntaxError, Undefined, UndefinedError
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from engine import crypto
from engine.errors import FieldError, Refused
from engine.forms import signing
from engine.records.papers import codes, filters, fonts, seals
from engine.records.papers.kinds import BadPaper, Library, MissingFacts, PaperKind, library, told
from engine.records.papers.pictures import Picture, strokes

#: Remedies against an administrative act, by the law in force; the names come from the facts.
#: 行政复议法 (2023) 第二十条, 第二十四条; 行政诉讼法 第四十六条.
RECONSIDERATION_DAYS = 60
LITIGATION_MONTHS = 6


@dataclass(frozen=True, slots=True)
class Rendered:
    """A paper as a file, not yet signed."""

    pdf: bytes = field(repr=False)
    sha256: str  # of pdf
    pages: int


@dataclass(frozen=True, slots=True)
class Composed:
    """A paper as HTML, with the pictures it names (`asset:…`)."""

    html: str
    assets: Mapping[str, Picture]


class MissingGlyph(Refused):
    """Expected fonts that can draw every character, but some can not. Facts: characters."""

    status = 422
    slug = "missing-glyph"


class ForbiddenResource(Refused):
    """Expected a paper to use only its own pictures and fonts, but it names something else. Facts: url."""

    status = 422
    slug = "forbidden-resource"


# ------------------------------------------------------------------- templates


class _Missing(Undefined):
    """A fact the template reads but nobody gave: using it is an error, asking whether it is there is not."""

    def _fail(self, *_: Any, **__: Any) -> Any:
        raise UndefinedError(str(self._undefined_name))

    __iter__ = __str__ = __len__ = __eq__ = __ne__ = __hash__ = __bool__ = _fail
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _fail
    __lt__ = __le__ = __gt__ = __ge__ = __call__ = __getitem__ = __contains__ = _fail


#: Filters a template may use: each gives about as much as it takes. `safe`, `format`, `center`, `replace` are not among
#: them: what a person typed is never markup, and no line of a template makes a million letters.
_FILTERS = (
    "abs batch capitals balanced day default first groupby int join last length lines list lower map max min moment "
    "money month numeral reject rejectattr reverse round select selectattr slice sort sum trim unique upper weekday"
)
FILTERS = frozenset(_FILTERS.split())
#: Most turns of all `range` loops of a paper together, and most letters of it.
MOST_TURNS, MOST_LETTERS = 10_000, 4_000_000
#: What a paper's own pages never hold: it would load, run or hide something. Pictures of ours come as `asset:…`.
_FOREIGN = re.compile(r"<\s*(iframe|frame|object|embed|script|svg|math|link|base|form|input)\b", re.IGNORECASE)
#: Turns that were taken, of the paper that is composed in this thread now.
_turns: ContextVar[list[int] | None] = ContextVar("turns", default=None)


def _range(*bounds: int) -> range:
    """`range` for templates: all loops of a paper share one allowance."""
    turns, spent = range(*bounds), _turns.get()
    taken = len(turns) + (spent[0] if spent is not None else 0)
    if spent is not None:
        spent[0] = taken
    if taken > MOST_TURNS:
        raise SecurityError(f"more than {MOST_TURNS} turns of range")
    return turns


class _Environment(ImmutableSandboxedEnvironment):
    """Jinja in a sandbox, for which a mapping is only its keys: `materials.items` is a fact, never a method. No
    operation and no method makes much of little."""

    intercepted_binops = frozenset(("*", "**", "%"))

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        numbers = all(isinstance(one, (int, float, Decimal, _Missing)) for one in (left, right))
        if not numbers or operator == "**":
            raise SecurityError(f"{operator} of anything but numbers")
        return super().call_binop(context, operator, left, right)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if isinstance(obj, (str, bytes)) and callable(value):
            return attr in ("strip", "startswith", "endswith", "split", "upper", "lower")
        return super().is_safe_attribute(obj, attr, value)

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, Mapping):
            return obj[attribute] if attribute in obj else self.undefined(obj=obj, name=attribute)
        return super().getattr(obj, attribute)


class _Fragments(BaseLoader):
    def __init__(self, sources: Mapping[str, str]) -> None:
        self.sources = sources

    def get_source(self, environment: Any, template: str) -> tuple[str, str, Callable[[], bool]]:
        if template not in self.sources:
            raise BadPaper(f"没有名为 {template} 的共用模板。", f"There is no shared template {template}.")
        return self.sources[template], template, lambda: True


@lru_cache(maxsize=4)
def _environment(stamp: object, fragments: tuple[tuple[str, str], ...]) -> _Environment:
    environment = _Environment(
        loader=_Fragments(dict(fragments)), autoescape=True, undefined=_Missing, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(
        day=filters.day,
        moment=filters.moment,
        month=filters.month,
        weekday=filters.weekday,
        money=filters.money,
        capitals=filters.capitals,
        numeral=filters.numeral,
        lines=_lines,
        balanced=lambda text, most: Markup("<br>").join(filters.balanced(str(text), most)),
    )
    for name in set(environment.filters) - FILTERS:
        del environment.filters[name]
    environment.globals.clear()
    environment.globals.update(
        range=_range,
        box=_box,
        qr=_qr,
        ink=_ink,
        days_60=RECONSIDERATION_DAYS,
        months_6=LITIGATION_MONTHS,
        signature_indent=_signature_indent,
    )
    return environment


def _written(pieces: Iterable[str]) -> str:
    """The pieces of a paper put together, up to so many letters."""
    out, letters = [], 0
    for piece in pieces:
        letters += len(piece)
        if letters > MOST_LETTERS:
            raise SecurityError(f"more than {MOST_LETTERS} letters")
        out.append(piece)
    return "".join(out)


def environment_of(shared: Library) -> ImmutableSandboxedEnvironment:
    """The environment the papers of a library are compiled in."""
    return _environment(shared.stamp, tuple(shared.fragments.items()))


@lru_cache(maxsize=256)
def _template(stamp: object, fragments: tuple[tuple[str, str], ...], key: str, body: str) -> Any:
    try:
        return _environment(stamp, fragments).from_string(body)
    except TemplateSyntaxError as error:
        raise BadPaper(
            f"文书模板 {key} 第 {error.lineno} 行有误：{error.message}",
            f"Paper {key}, line {error.lineno}: {error.message}",
            source=key,
        ) from None


def _lines(value: str) -> Markup:
    """Text with its line breaks, as paragraphs."""
    parts = [part.strip() for part in str(value).splitlines() if part.strip()]
    return Markup("").join(Markup("<p>{}</p>").format(part) for part in parts)


def _qr(text: str) -> str:
    """The URL of a QR code: it holds what the code says."""
    return "qr:" + base64.urlsafe_b64encode(text.encode()).decode()


def _ink(signature: Any) -> str:
    """The URL of a signature: the path of a pen (engine.forms.signing), or a picture as data; "" when there is none."""
    path = signature.get("path") if isinstance(signature, Mapping) else signature
    if isinstance(path, str) and path.startswith(("data:image/png;base64,", "data:image/jpeg;base64,")):
        return path
    if not isinstance(path, str) or not signing.readable(path):
        return ""
    return "ink:" + base64.urlsafe_b64encode(path.encode()).decode()


def _asset(url: str) -> Picture:
    """The picture a URL of `_qr` or `_ink` stands for."""
    scheme, _, data = url.partition(":")
    text = base64.urlsafe_b64decode(data).decode()
    return codes.qr(text) if scheme == "qr" else strokes(*signing.BOX, text, 5)


def _box(ticked: object) -> Markup:
    """A box, ticked or not; drawn, for no free font has ☑."""
    return Markup('<span class="box">{}</span>').format("√" if ticked else "")


def _signature_indent(organ: str, day: str) -> float:
    """How far from the right edge the signature block ends, in characters.

    GB/T 9704: under a seal the date ends 4 characters from the right and the organ is centred on it. When the organ is
    wider than the date, the block is the organ's width, so it ends further right; never less than half a character.
    """
    width = sum(0.5 if ord(c) < 0x80 else 1 for c in day)
    return max(0.5, 4 - max(0.0, len(organ) - width) / 2)


# ------------------------------------------------------------------- facts


def fill(kind: PaperKind, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts, with None (or an empty list) where an optional one is absent. A copy: the caller's stay as they
    are."""
    copy: dict[str, Any] = _copy(told(facts))
    for path in kind.optional:
        _default(copy, path.replace("[]", ".[]").split("."))
    return copy


def _copy(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _copy(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_copy(item) for item in value]
    return value


def _default(value: Any, steps: list[str]) -> None:
    step, rest = steps[0], steps[1:]
    if step == "[]":
        for item in value if isinstance(value, list) else ():
            if rest:
                _default(item, rest)
        return
    if not isinstance(value, dict):
        return
    if not rest:
        value.setdefault(step, None)
    elif rest == ["[]"] or rest[0] == "[]":
        if value.get(step) is None:
            value[step] = []
        _default(value[step], rest)
    elif value.get(step) is None:
        value[step] = None
    else:
        _default(value[step], rest)


def compose(
    paper: str | PaperKind,
    facts: Mapping[str, Any],
    *,
    check_code: str | None = None,
    verify_url: str | None = None,
    seal: seals.Given = None,
    sample: bool = True,
    copy: filters.Copy | None = None,
    shared: Library | None = None,
    place: Path | None = None,
) -> Composed:
    """The paper as HTML. Arguments and errors as `render`."""
    shared = shared or library()
    place = place or fonts.folder()
    kind = shared.read(paper) if isinstance(paper, str) else paper
    kind.check(facts)
    filled = fill(kind, facts)
    stamps = [replace(one, kind="sample") if sample else one for one in seals.given(seal)]
    assets: dict[str, Picture] = {}
    context = dict(filled)
    copy = copy or kind.audience
    context |= {
        "kind": kind,
        "copy": copy,
        "sample": sample,
        "seal": None,
        "seals": [],
        "verify": None,
        "id_number": partial(filters.hidden_number, copy=copy),
        "phone": partial(filters.hidden_phone, copy=copy),
        "person": partial(filters.hidden_name, copy=copy),
    }
    if stamps and kind.seal != "none":
        for one in stamps:
            picture = seals.draw(one, place)
            url = f"asset:seal-{crypto.fingerprint(picture.svg)[:16]}"
            assets[url] = picture
            context["seals"].append({"url": url, "millimetres": one.millimetres, "kind": one.kind, "organ": one.organ})
        context["seal"] = context["seals"][0]
    if verify_url and check_code:
        context["verify"] = {"qr": _qr(verify_url), "url": verify_url, "code": check_code}
    fragments = tuple(shared.fragments.items())
    token = _turns.set([0])
    try:
        html = _written(_template(shared.stamp, fragments, kind.key, kind.body).generate(context))
    except UndefinedError as error:
        name = str(error)
        raise MissingFacts(
            kind, [FieldError(name, name, f"《{kind.title}》缺少“{name}”。", f"{kind.title_en}: {name} is missing.")]
        ) from None
    except SecurityError as error:
        raise BadPaper(
            f"文书模板 {kind.key} 使用了不允许的写法：{error}",
            f"Paper {kind.key} uses what the sandbox forbids: {error}",
        ) from None
    finally:
        _turns.reset(token)
    foreign = _FOREIGN.search(html)
    if foreign is not None:
        raise ForbiddenResource(
            f"文书里不能有 <{foreign[1].lower()}>：文书只有文字、表格和自带的图片。",
            f"A paper may hold no <{foreign[1].lower()}>: it has words, tables and its own pictures.",
            url=f"<{foreign[1].lower()}>",
        )
    text = text_of(html)
    if kind.adverse:
        _tells(kind, filled, text)
    absent = fonts.missing(text, place)
    if absent:
        shown = "、".join(f"“{char}”（U+{ord(char):04X}）" for char in absent[:8])
        raise MissingGlyph(
            f"《{kind.title}》中有字体打印不出的字：{shown}。请安装含有这些字的字体，或请当事人确认用字后更正。",
            f"{kind.title_en}: no font can print {shown}. Install a font that has them, or correct the text.",
            characters=absent,
        )
    assets |= {url: _asset(url) for url in re.findall(r'src="((?:qr|ink):[A-Za-z0-9_=-]+)"', html)}
    return Composed(html, assets)


def as_page(composed: Composed) -> str:
    """The paper as one page for a browser, with its style and pictures inside: to be looked at, where no paper is
    printed. It names nothing outside itself."""
    page = composed.html
    for url, picture in composed.assets.items():
        page = page.replace(url, f"data:image/svg+xml;base64,{base64.b64encode(picture.svg).decode()}")
    style = f"<style>{library().css}</style>"
    return page.replace("</head>", f"{style}</head>", 1) if "</head>" in page else style + page


def _tells(kind: PaperKind, facts: Mapping[str, Any], text: str) -> None:
    """A refusal prints its reason and both remedies, or it is no paper (行政许可法 第三十八条)."""
    said = "".join(text.split())
    wanted = {
        "理由": str(facts["reason"]).splitlines()[0],
        "行政复议机关": str(facts["remedies"]["reconsideration"]),
        "行政复议期限": f"{RECONSIDERATION_DAYS}日",
        "管辖法院": str(facts["remedies"]["court"]),
        "起诉期限": f"{LITIGATION_MONTHS}个月",
    }
    silent = [label for label, words_ in wanted.items() if "".join(words_.split()) not in said]
    if silent:
        raise BadPaper(
            f"《{kind.title}》的模板没有写出：{'、'.join(silent)}。请使用共用片段 remedies_text。",
            f"{kind.title_en}: the template does not print {', '.join(silent)}; use the fragment remedies_text.",
            source=kind.key,
        )


def text_of(html: str) -> str:
    """The text of a page, without its tags."""
    return html_entities.unescape(re.sub(r"<[^>]*>", "", html))


# ------------------------------------------------------------------- the page

_PRESS = threading.Lock()  # Pango's font map is one a process


@lru_cache(maxsize=4)
def _style(css: str, place: Path) -> tuple[Any, Any]:
    """The parsed style sheet and its fonts, once a process."""
    from weasyprint import CSS
    from weasyprint.text.ffi import ffi, fontconfig, pangoft2
    from weasyprint.text.fonts import FontConfiguration

    configuration = FontConfiguration()
    # Our own files are named by their families and stay where they are. By @font-face every process would copy them to
    # a temporary folder, and leave 14 MB there when it is killed.
    for one in fonts.faces(place):
        if one.cut:
            fontconfig.FcConfigAppFontAddFile(configuration._config, str(one.path).encode())
    pangoft2.pango_fc_font_map_config_changed(ffi.cast("PangoFcFontMap *", configuration.font_map))
    # The clean-up of an office's copied fonts needs modules that are gone when the interpreter ends.
    atexit.register(_style.cache_clear)
    sheet = CSS(
        string=fonts.rules(place) + "\n" + css,
        font_config=configuration,
        url_fetcher=_fetcher({}, place),
        base_url=None,
    )
    return sheet, configuration


class _Drawn:
    """A picture as WeasyPrint's image: drawn by its own operators instead of parsing an SVG again."""

    def __init__(self, picture: Picture) -> None:
        self.picture = picture

    def get_intrinsic_size(self, _resolution: float, _font_size: float) -> tuple[float, float, float]:
        return self.picture.size, self.picture.size / self.picture.ratio, self.picture.ratio

    def draw(self, stream: Any, width: float, height: float, _style: object) -> None:
        scale = width / self.picture.size
        stream.transform(a=scale, d=scale)
        stream.stream.append(self.picture.operators)


def _fetcher(assets: Mapping[str, Picture], place: Path) -> Any:
    """A fetcher for what belongs to the paper, closed to everything else: no file, no network."""
    from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

    class Fetcher(URLFetcher):  # type: ignore[misc]
        def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> Any:
            if url in assets:
                return URLFetcherResponse(url, assets[url].svg, {"Content-Type": "image/svg+xml"})
            if url.startswith("font:"):
                for one in fonts.faces(place):
                    if url == f"font:{one.path.name}":
                        return URLFetcherResponse(url, one.path.read_bytes(), {"Content-Type": "font/ttf"})
            if url.startswith(("data:image/png;base64,", "data:image/jpeg;base64,")):
                return super().fetch(url, headers)
            raise FatalURLFetchingError(url)

    return Fetcher(allowed_protocols=["data", "asset", "font", "ink", "qr"])


def press(composed: Composed, shared: Library, place: Path, *, archive: bool = False) -> Rendered:
    """Set the pages of a composed paper."""
    from weasyprint import HTML
    from weasyprint.urls import FatalURLFetchingError

    identifier = bytes.fromhex(
        crypto.fingerprint(composed.html.encode() + b"".join(one.svg for one in composed.assets.values()))
    )[:16]
    drawn = {url: _Drawn(one) for url, one in composed.assets.items() if one.operators is not None}
    with _PRESS:
        sheet, configuration = _style(shared.css, place)
        try:
            document = HTML(string=composed.html, url_fetcher=_fetcher(composed.assets, place)).render(
                font_config=configuration,
                stylesheets=[sheet],
                cache=drawn,
                pdf_variant="pdf/a-2b" if archive else None,
            )
            with warnings.catch_warnings():
                # WeasyPrint leaves its colour profile to be closed when it is collected.
                warnings.filterwarnings("ignore", category=ResourceWarning)
                # Tagged, so that a screen reader finds title, tables and pictures in their order.
                pdf = document.write_pdf(
                    pdf_tags=True,
                    pdf_identifier=identifier,
                    pdf_variant="pdf/a-2b" if archive else None,
                    pdf_version="1.7",
                )
        except FatalURLFetchingError as error:
            raise ForbiddenResource(
                f"文书模板引用了外部资源 {error}，未予加载。文书只能使用自带的图片和字体。",
                f"The paper names an outside resource, {error}; papers use only their own pictures and fonts.",
                url=str(error),
            ) from None
    return Rendered(pdf, crypto.fingerprint(pdf), len(document.pages))


def render(
    paper: str | PaperKind,
    facts: Mapping[str, Any],
    *,
    check_code: str | None = None,
    verify_url: str | None = None,
    seal: seals.Given = None,
    sample: bool = True,
    copy: filters.Copy | None = None,
    archive: bool = False,
    forms: Path | None = None,
    place: Path | None = None,
) -> Rendered:
    """A paper from frozen facts. The same arguments give the same bytes.

    paper       the text of a paper file, or a kind of the catalogue
    facts       plain JSON values; what the kind requires must be there
    check_code  the 查验码 (codes.check_code); with verify_url it is printed with its QR code
    verify_url  the public page of that code: no personal data in it
    seal        a Seal, or its facts {organ, kind, purpose, millimetres}, or several of them for a paper that is signed
                jointly; drawn only when the kind of paper carries one
    sample      a demonstration: 样章 across every seal and a note on every page
    copy        who gets it (file, party, public) and so what is masked; None: as the kind says
    archive     PDF/A-2b, for keeping
    forms, place  folders of the forms and of the cut fonts; None: the installation's own

    Raises MissingFacts (names every field), MissingGlyph, ForbiddenResource, BadPaper.
    """
    shared = library(forms)
    place = place or fonts.folder()
    composed = compose(
        paper,
        facts,
        check_code=check_code,
        verify_url=verify_url,
        seal=seal,
        sample=sample,
        copy=copy,
        shared=shared,
        place=place,
    )
    made = press(composed, shared, place, archive=archive)
    if made.pages != 2:
        return made
    # GB/T 9704 7.3.5.5: too little room for organ, date and seal is made by the lines' distance, never by a page of
    # its own.
    tight = press(
        Composed(re.sub(r'<body class="(letter|sheet)">', r'<body class="\1 tight">', composed.html), composed.assets),
        shared,
        place,
        archive=archive,
    )
    return tight if tight.pages == 1 else made


def ready(kind: PaperKind, place: Path | None = None) -> None:
    """What composing this paper costs once a process and not again: its template, the tables of the fonts."""
    shared, place = library(), place or fonts.folder()
    _template(shared.stamp, tuple(shared.fragments.items()), kind.key, kind.body)
    for name in shared.fragments:
        try:
            environment_of(shared).get_template(name)
        except TemplateSyntaxError as error:
            raise BadPaper(
                f"文书共用片段 {name} 第 {error.lineno} 行有误：{error.message}",
                f"The shared fragment {name}, line {error.lineno}: {error.message}",
                source=name,
            ) from None
    fonts.coverage(place)
    fonts.outline("章", place)  # of any character: it opens the font that seals are drawn from


def warm(forms: Path | None = None, place: Path | None = None) -> None:
    """Load fonts and style sheet, so that the first paper is as quick as the next."""
    shared = library(forms)
    place = place or fonts.folder()
    fonts.coverage(place)
    press(Composed("<html lang=zh-CN><body><p>一站<b>一站</b></p></body></html>", {}), shared, place)
