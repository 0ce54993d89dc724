"""Registers for tests: volunteers (persons), books (things), visits (lines of a case)."""

from engine.matters.nouns import Declared
from engine.matters.nouns.registers import Register
from engine.reads.knowing import Person


def register(name: str, **said) -> Declared:
    """A declaration, as the gate would pass it."""
    return Declared("registers", name, name, Register.model_validate(said), "bpmn/_shared/test.yaml")


VOLUNTEERS = register(
    "volunteer",
    title="志愿者",
    title_en="Volunteers",
    about="person",
    fields={
        "skills": {"title": "特长", "type": "list", "options": {"barber": "理发", "nurse": "护理"}},
        "licences": {
            "title": "证书",
            "type": "rows",
            "columns": {
                "kind": {"title": "种类", "type": "choice", "options": {"dentist": "口腔执业医师", "driver": "驾驶证"}},
                "number": {"title": "号码", "required": True},
                "valid_until": {"title": "有效期至", "type": "date"},
            },
        },
        "insured": {"title": "保险到期", "type": "date"},
        "illness": {"title": "健康情况", "kind": "health", "readers": ["head"], "keep": "30d"},
        "wechat": {"title": "微信", "kind": "personal"},
        "hours": {"title": "时长", "type": "number"},
    },
    states={"active": "在册", "paused": "暂停", "left": {"title": "已退出", "ends": True}},
    valid_until="insured",
    readers=["window", "head"],
    writers=["window"],
    search=["name", "phone", "skills", "wechat"],
    keep="3y",
)
BOOKS = register(
    "book",
    title="图书",
    title_en="Books",
    about="thing",
    key="barcode",
    label="title",
    fields={
        "barcode": {"title": "条码", "required": True},
        "title": {"title": "书名", "required": True},
        "shelf": {"title": "书架"},
        "pages": {"title": "页数", "type": "number"},
    },
    states={"shelf": "在架", "lent": "借出", "lost": {"title": "遗失", "ends": True}},
    readers=["window"],
    writers=["window"],
    search=["name", "key", "shelf"],
)
VISITS = register(
    "visit",
    title="走访",
    title_en="Visits",
    about="case",
    fields={"note": {"title": "情况", "type": "long"}},
    readers=["window"],
    formerly=["走访台账"],
)

ZHANG = Person("张三丰", "13800000001", "350526195003071239")
XU = Person("许小妹", "13800000002", "350526199203071223")
