"""当面办理: what is asked of the clerk before whom a party without a telephone does their step. Pure.

The questions are fields of the step's own form, so that drafts, previews, errors and the interface for programs need
nothing of their own for them: how it was given (the pad of the form, or a photograph of the fingerprint), who witnessed
it, and, for one who has an account and could do it on their own telephone, that they are there. They never become
answers of the case: the command keeps them with the task, sealed, and writes into each signature how it was given.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any, Literal

from engine import feel, forms
from engine.forms import signing
from engine.plain import dig

#: Under this name the questions stand beside the answers of a form, and what came of them in the task's variables.
KEY = "_in_person"
#: How it was given. `spoken`: nothing was signed, for the party declined what the form asked.
How = Literal["signature", "fingerprint", "spoken"]
SAID = {
    "signature": ("当面签名", "signed in person"),
    "fingerprint": ("当面按指印", "gave a fingerprint in person"),
    "spoken": ("当面表示", "said in person"),
}

#: The form of a step that asks nothing.
EMPTY = forms.load('{"type": "default", "id": "empty", "schemaVersion": 19, "components": []}', "empty")


def asking(form: forms.Form, rights: forms.Rights, *, witness: bool, account: bool) -> forms.Form:
    """The form with these questions after its own. A fingerprint stands for each signature the form asks for."""
    schema = copy.deepcopy(dict(form.schema))
    signs = bool(signatures(form, rights))
    if signs:
        _or_fingerprint(schema["components"])
    ways = [{"value": "signature", "label": "在签名板上签名"}] if signs else []
    ways.append({"value": "fingerprint", "label": "按指印，拍照上传"})
    asked: list[dict[str, Any]] = [
        {"type": "radio", "key": f"{KEY}.how", "label": "怎样办的", "values": ways, "validate": {"required": True}},
        {
            "type": "filepicker",
            "key": f"{KEY}.print",
            "label": "指印照片",
            "accept": "image/*",
            "validate": {"required": True},
            "conditional": {"hide": f'={KEY}.how != "fingerprint"'},
        },
    ]
    if witness:
        rule = {"required": True, "minLength": 2, "maxLength": 60}
        asked.append({"type": "textfield", "key": f"{KEY}.witness", "label": "见证人姓名", "validate": rule})
    if account:
        label = "本人在场，由我代为操作"
        asked.append({"type": "checkbox", "key": f"{KEY}.present", "label": label, "validate": {"required": True}})
    for n, one in enumerate(asked):
        one["id"] = f"{KEY}{n}"
    schema["components"].append({"type": "group", "id": KEY, "label": "当面办理", "components": asked})
    return forms.load(json.dumps(schema), form.id)


def signatures(form: forms.Form, rights: forms.Rights) -> list[forms.Field]:
    """The signatures that are written here: not those in the rows of a list, which are of several people."""
    return [one for one in form.fields if one.properties.get("check") == "signature" and rights.writes(one.key)]


def _or_fingerprint(components: list[dict[str, Any]]) -> None:
    for one in components:
        if one.get("type") == "group":
            _or_fingerprint(one.get("components") or [])
        elif (one.get("properties") or {}).get("check") == "signature":
            before = str((one.get("conditional") or {}).get("hide") or "").strip().removeprefix("=")
            also = f'{KEY}.how = "fingerprint"'
            one["conditional"] = {"hide": f"=({before}) or {also}" if before else f"={also}"}


def marked(
    form: forms.Form,
    rights: forms.Rights,
    answers: Mapping[str, Any],
    given: Mapping[str, Any],
    env: feel.Env,
    *,
    known: Mapping[str, Any],
) -> tuple[dict[str, Any], How]:
    """The answers with each signature saying how it was given, and how the step was done.

    `form`: as the matter has it. `given`: what was answered to the questions. A fingerprint is kept where the signature
    would stand that the form asks for with these answers, bound to the same data: the photograph's number is its ink.
    """
    out = copy.deepcopy(dict(answers))
    asked = signatures(form, rights)
    how: How = given["how"] if not asked else "spoken"
    said = {"how": given["how"], "witness": given.get("witness") or ""}
    for field in asked:
        if forms.hidden(field, {**known, **out}, env):
            continue
        value = dig(out, field.key)
        if given["how"] == "fingerprint":
            names = [name.strip() for name in str(field.properties.get("signs") or "").split(",") if name.strip()]
            value = {**signing.signed("", {**out, **known}, names, env.now), "print": str(given["print"][0])}
        if isinstance(value, Mapping):
            forms.put(out, field.key, {**value, "in_person": said})
            how = given["how"]
    return out, how
