"""Why a file cannot be taken."""

from __future__ import annotations


class Unfit(Exception):
    """Expected a file that offices can open and that runs nothing. `zh` goes on after the file's name."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en


class Torn(Unfit):
    """Expected a whole file, but its end did not arrive, or it is damaged."""


def torn(called: str = "") -> Torn:
    """What is said of a file that cannot be opened; `called`: its format, where a person may not know it."""
    kind = f"（{called}）" if called else ""
    return Torn(
        f"{kind}没有传完整或已经损坏，打不开。请在信号好的地方重新选择，还不行就重新拍一张。",
        f"The {called or 'file'} is not whole and cannot be opened. Choose it again where the network is good, or take "
        "a new photo.",
    )


def locked() -> Unfit:
    """What is said of a file that asks for a password."""
    return Unfit(
        "有密码，窗口打不开。请去掉密码另存一份，或者打开后截图、拍照上传。",
        "The file is locked by a password. Save a copy without one, or send a photo of it.",
    )


def runs(zh: str, en: str) -> Unfit:
    """What is said of a file that carries something that runs: `zh` and `en` name it."""
    return Unfit(
        f"里面有{zh}，为了安全不能收。请另存为不带它的文件，或者打印成 PDF、拍照上传。",
        f"The file carries {en}, which is not safe to take. Save a copy without it, print it to PDF, or send a photo.",
    )
