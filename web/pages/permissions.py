"""谁能做什么: the table that the hall judges by, in plain words, for heads and administrators."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.errors import NotYours
from engine.people import administrators, permissions
from engine.reads import declared_rules
from web import edge
from web.edge import guard
from web.language import english
from web.pages.desk import pages


@pages.get("/permissions", endpoint="permissions")
@guard("staff")
def table() -> ResponseReturnValue:
    if not {"supervisor", *administrators.ROLES} & edge.actor().roles:
        raise NotYours("这张表给负责人和三员看。", "This table is for heads and administrators.")
    n = 1 if english() else 0
    groups = [
        {
            "thing": words[n],
            "lines": [
                {
                    "who": (line.zh, line.en)[n],
                    "verbs": [permissions.VERBS[v][n] for v in permissions.VERBS if v in line.verbs],
                    "but": (line.but_zh, line.but_en)[n],
                }
                for line in permissions.TABLE
                if line.thing == thing
            ],
        }
        for thing, words in permissions.THINGS.items()
    ]
    declared = [
        {
            "title": _("%(kind)s：%(title)s", kind=one.kind[n], title=one.title[n]),
            "matter": one.matter[n],
            "rules": [(rule.what[n], rule.who[n], rule.does[n], rule.but[n]) for rule in one.rules],
        }
        for one in declared_rules.listed(edge.work())
    ]
    return render_template("staff/permissions.html", groups=groups, declared=declared)
