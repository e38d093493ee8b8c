"""Which names a project takes."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import InvalidError
from app.projects.paths import MAX_PARTS, MAX_PATH_BYTES, check_path


@pytest.mark.parametrize(
    "path",
    [
        "top.v",
        "rtl/größe.v",
        "日本/語.sv",
        "a b (1).v",
        ".config",
        "x.tar.gz",
        "a,b=c+d@e~.v",
        "عربي.v",
        "😀.v",
        "a" * 200,
        "trailing.",
        "aux.v",  # Windows keeps this and the next for itself; here they are names like others
        "con/nul.sv",
        "/".join(["d"] * (MAX_PARTS - 1) + ["f"]),
    ],
)
def test_taken(path: str) -> None:
    assert check_path(path) == path


def test_names_are_kept_in_composed_form() -> None:
    assert check_path("gru\u0308n.v") == "gr\u00fcn.v"


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("", "is empty"),
        ("/etc/passwd", "is absolute"),
        ("../x.v", "the part '..'"),
        ("a/./b", "the part '.'"),
        ("a//b", "the part ''"),
        ("a/", "the part ''"),
        ("-o.v", "begins with a dash"),
        ("rtl/-o", "begins with a dash"),
        ("+incdir+x", "begins with a plus sign"),
        ("@args", "begins with an at sign"),
        ("~root/x", "begins with a tilde"),
        (" a", "begins or ends with a space"),
        ("a /b", "begins or ends with a space"),
        ("a\u00a0b", "U+00A0"),
        ("a\u3000b", "U+3000"),
        ("a\nb", "U+000A"),
        ("a\tb", "U+0009"),
        ("a\x00b", "U+0000"),
        ("a\x1bb", "U+001B"),
        ("a\x7fb", "U+007F"),
        ("a\u0085b", "U+0085"),
        ("a\u2028b", "U+2028"),
        ("a\u202eb", "U+202E"),
        ("a\u2066b", "U+2066"),
        ("a\u200bb", "U+200B"),
        ("a\ufeffb", "U+FEFF"),
        ("a\u3164b", "U+3164"),
        ("a\ufe0fb", "U+FE0F"),
        ("a\ue000b", "U+E000"),
        ("a\ud800b", "U+D800"),
        ("a\U000e0041b", "U+E0041"),
        ("a/\u0301b", "an accent without a letter"),
        ('a"b', "a quotation mark"),
        ("a'b", "a quotation mark"),
        ("a`b", "a backquote"),
        ("a\\b", "a backslash"),
        ("a$b", "a dollar sign"),
        ("a&b", "an ampersand"),
        ("a;b", "a semicolon"),
        ("a\u037eb", "a semicolon"),  # the Greek question mark, which is one when composed
        ("a\u1fefb", "a backquote"),  # the Greek grave accent, likewise
        ("C:x", "a colon"),
        ("a[0]", "a bracket"),
        ("a{b}", "a brace"),
        ("a%b", "a percent sign"),
        ("a#b", "a number sign"),
        ("x" * 201, "a part longer than 200 bytes"),
        ("é" * 101, "a part longer than 200 bytes"),
        ("/".join(["x" * 100] * 6), f"longer than {MAX_PATH_BYTES} bytes"),
        ("/".join("x" * (MAX_PARTS + 1)), f"more than {MAX_PARTS} parts"),
    ],
)
def test_refused_with_the_reason(path: str, words: str) -> None:
    with pytest.raises(InvalidError) as refused:
        check_path(path)
    assert words in refused.value.errors[0].message
    assert refused.value.errors[0].field == "path"
    assert refused.value.detail.isprintable()


PATHS = st.text(max_size=60) | st.lists(st.text(max_size=8), max_size=6).map("/".join)


@given(PATHS)
def test_whatever_is_refused_can_be_printed(path: str) -> None:
    try:
        check_path(path)
    except InvalidError as error:
        shown = error.detail
    else:
        shown = path
    assert shown.isprintable()


@given(PATHS)
def test_what_is_taken_is_safe(path: str) -> None:
    try:
        taken = check_path(path)
    except InvalidError:
        return
    assert check_path(taken) == taken
    assert taken == unicodedata.normalize("NFC", path)
    assert taken.isprintable()
    assert not set(taken) & set("\\\"'`$&;|<>*?{}[]:#%\n")
    parts = taken.split("/")
    assert not {"", ".", ".."} & set(parts)
    assert not any(part.startswith(("-", "+", "@", "~", " ")) for part in parts)
    assert len(taken.encode()) <= MAX_PATH_BYTES
