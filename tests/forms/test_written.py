"""However it is typed, it is kept and found in one writing."""

from __future__ import annotations

import hashlib
import hmac
import unicodedata

import pytest

from engine.forms import letters, written
from engine.forms.kinds import CHECKS, Wrong
from engine.people import masks
from engine.records.papers import fonts
from engine.store import keys


@pytest.mark.parametrize(
    "typed, kept",
    [
        ("35052619600101100×", "35052619600101100X"),
        ("\u202d350526-19600101-100x\u202c", "35052619600101100X"),
        ("350526–19600101—100Ｘ", "35052619600101100X"),
        ("e 12345678", "E12345678"),
        ("c01x00t47", "C01X00T47"),
        ("12ab34567", "12AB34567"),
        ("GBR 123456789", "GBR123456789"),
        ("ＵＳＡ110081010101", "USA110081010101"),
    ],
)
def test_a_document_is_kept_in_one_writing(typed: str, kept: str) -> None:
    assert CHECKS["cn-id"](typed) == kept


@pytest.mark.parametrize(
    "typed", ["3505261960010110X", "19600101", "12345678X", "ABCDEFGH", "830000198001010017", "3505261960"]
)
def test_half_a_number_a_birthday_or_a_wrong_digit_is_no_document(typed: str) -> None:
    assert isinstance(CHECKS["cn-id"](typed), Wrong)


@pytest.mark.parametrize(
    "typed, kept",
    [
        ("\u202a138 0000 0001\u202c", "13800000001"),
        ("86-138-0000-0001", "13800000001"),
        ("（0595）２３５５１２３４", "0595-23551234"),
        ("+86 595 2355 1234", "0595-23551234"),
        ("01012345678", "010-12345678"),
        ("400-123-4567", "400-1234567"),
    ],
)
def test_a_telephone_is_kept_in_one_writing(typed: str, kept: str) -> None:
    assert CHECKS["cn-phone"](typed) == kept
    assert keys.blind("phone", typed) == keys.blind("phone", kept)


@pytest.mark.parametrize("typed", ["0595-23551234", "+852 9123 4567", "1380000001", "12345678901"])
def test_no_mobile_number_is_made_of_another(typed: str) -> None:
    assert isinstance(CHECKS["cn-mobile"](typed), Wrong)


def test_text_messages_go_where_they_arrive() -> None:
    numbers = {"13800000001": True, "+85291234567": True, "0595-23551234": False, "400-1234567": False}
    assert {number: written.takes_texts(number) for number in numbers} == numbers


def before(keyring: keys.Keyring, kind: str, text: str) -> str:
    """The index as rows of earlier halls have it."""
    normal = "".join(unicodedata.normalize("NFKC", text).upper().split())
    return hmac.new(keyring._index_key, f"{kind}\0{normal}".encode(), hashlib.sha256).hexdigest()[:32]


@pytest.mark.parametrize(
    "kind, stored, asked",
    [
        ("name", "阿依古丽•托合提", "阿依古丽·托合提"),
        ("name", "阿依古丽・托合提", "阿依古丽．托合提"),
        ("name", "J. R. Smith", "j·r·smith"),
        ("name", "O’Neill", "O’Neill"),
        ("phone", "0595-2355 1234", "+86 595 23551234"),
        ("phone", "13800000001", "0086 138 0000 0001"),
        ("id", "35052619600101100X", "350526-19600101-100x"),
        ("id", "AB-1234567", "AB-1234567"),
    ],
)
def test_a_row_of_before_is_still_found(kind: str, stored: str, asked: str) -> None:
    keyring = keys.Keyring(bytes(32))
    assert before(keyring, kind, stored) in keyring.blinds(kind, asked)


def test_a_mask_hides_most_of_a_passport() -> None:
    assert masks.id_number("E12345678") == "E******78"


def test_what_has_no_shape_is_left_out_and_what_no_font_has_is_named() -> None:
    assert letters.seen("葛\U000e0100文 \u202d138\u202c") == "葛文 138"
    assert keys.blind("name", "葛\U000e0100文") == keys.blind("name", "葛文")
    assert fonts.missing("张三丰 𠮷㛃䶮 1—2 O’Neill Škvorecký Nguyễn Иван") == []
    assert letters.unprintable("井盖没了😡，😡 ئۇ") == tuple(fonts.missing("😡ئۇ"))
    assert letters.unprintable("😡") == ("😡",)
