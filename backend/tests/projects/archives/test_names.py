"""Names in archives that would leave the project, hide something or get in another's way."""

import io
import tarfile
import zipfile

import pytest

from tests.projects.archives.building import (
    END,
    KINDS,
    ZipEntry,
    archive_of,
    raw_zip,
    tar_entry,
    tar_header,
    tar_of,
    zip_of,
)
from tests.projects.archives.reading import read, refusal


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "name", ["../x.v", "a/../../x.v", "a/..", "..", "rtl/../x.v", ".git/../../x", "__MACOSX/../x"]
)
def test_climbing(kind: str, name: str) -> None:
    assert f"archive/{name}: climbs out" in refusal(archive_of(kind, {"a.v": b"1", name: b"2"}))


@pytest.mark.parametrize("name", ["/etc/passwd", "//x", "/a/../b"])
def test_absolute(name: str) -> None:
    entry = tar_entry("x", data=b"1", pax_headers={"path": name})
    for data in (raw_zip(ZipEntry(name.encode())), entry + END):
        assert "is absolute" in refusal(data)


@pytest.mark.parametrize("name", ["C:/x.v", "c:x.v", "C:\\x.v"])
def test_drive_letters(name: str) -> None:
    for data in (raw_zip(ZipEntry(name.encode())), tar_of({name: b""})):
        assert "names a drive" in refusal(data)


@pytest.mark.parametrize("name", ["..\\x.v", "a\\b.v", "\\\\server\\share"])
def test_backslashes(name: str) -> None:
    for data in (raw_zip(ZipEntry(name.encode())), tar_of({name: b""})):
        assert "backslashes" in refusal(data)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (b"a\nb.v", "U+000A"),
        (b"a\x1b[2Jb.v", "U+001B"),
        ("a\u202ev.b".encode(), "U+202E"),
        (b"-o.v", "begins with a dash"),
        (b'a".v', "a quotation mark"),
        (b"a$b.v", "a dollar sign"),
        (b"a b/ c.v", "begins or ends with a space"),
        (b"x" * 300, "longer than 200 bytes"),
        (b"a" * 1100, "longer than 1024 characters"),
        (b"a/" * 40 + b"x", "more than 32 parts"),
    ],
)
def test_names_that_projects_do_not_take(name: bytes, words: str) -> None:
    assert words in refusal(raw_zip(ZipEntry(name)))
    assert words in refusal(tar_of({name.decode(): b""}))


def test_a_null_byte_does_not_end_a_name() -> None:
    assert "U+0000" in refusal(raw_zip(ZipEntry(b"a.v\0.png")))


def test_no_name() -> None:
    for name in (b"", b".", b"./."):
        assert "has no name" in refusal(raw_zip(ZipEntry(name)))
        assert "has no name" in refusal(tar_header(name, b"0", 0) + END)


def test_names_that_are_not_utf_8() -> None:
    name = b"gr\xf6\xdfe.v"
    assert "not UTF-8" in refusal(raw_zip(ZipEntry(name)))
    assert r"gr\\xf6\\xdfe.v" in refusal(tar_header(name, b"0", 0) + END)


def test_what_is_shown_of_a_name_is_harmless() -> None:
    message = refusal(raw_zip(ZipEntry("\x1b[31m\u202e../x".encode())))
    assert message.isprintable()


def _two(first: str, second: str) -> list[bytes]:
    return [
        raw_zip(ZipEntry(first.encode()), ZipEntry(second.encode())),
        tar_entry(first) + tar_entry(second) + END,
    ]


def test_a_name_that_is_there_twice() -> None:
    for name in ("a.v", "./a.v", "a.v/."):
        for data in _two("a.v", name):
            assert "is there twice" in refusal(data)


def test_names_that_are_one_in_composed_form() -> None:
    for data in _two("gr\u00fcn.v", "gru\u0308n.v"):
        assert "is there twice" in refusal(data)


@pytest.mark.parametrize(
    ("first", "second"), [("top.v", "TOP.v"), ("Rtl/a.v", "rtl/A.v"), ("straße.v", "STRASSE.v")]
)
def test_names_that_differ_only_in_case(first: str, second: str) -> None:
    for data in _two(first, second):
        assert "differ only in case" in refusal(data)


def test_folders_that_differ_only_in_case_are_no_trouble() -> None:
    assert set(read(zip_of({"Rtl/a.v": b"", "rtl/b.v": b""})).files) == {"Rtl/a.v", "rtl/b.v"}


@pytest.mark.parametrize(
    ("first", "second"), [("a", "a/b.v"), ("a/b.v", "a"), ("A", "a/b/c.v"), ("a/b/c.v", "A/B")]
)
def test_a_file_that_is_a_folder_too(first: str, second: str) -> None:
    for data in _two(first, second):
        assert "folder" in refusal(data) or "is a file" in refusal(data)


def test_an_empty_folder_in_the_place_of_a_file() -> None:
    folder = ZipEntry(b"a/")
    for entries in ((ZipEntry(b"a"), folder), (folder, ZipEntry(b"a"))):
        assert "folder" in refusal(raw_zip(*entries))


def _zip_link(target: bytes, name: bytes = b"rtl/link.v") -> bytes:
    return raw_zip(ZipEntry(b"rtl/a.v", b"1"), ZipEntry(name, target, mode=0o120777))


def _tar_link(target: str, kind: bytes = tarfile.SYMTYPE, name: str = "rtl/link.v") -> bytes:
    return tar_entry("rtl/a.v", data=b"1") + tar_entry(name, kind, linkname=target) + END


@pytest.mark.parametrize(
    "target", ["/etc/passwd", "../../x", "../../../etc/shadow", "a/../../../x"]
)
def test_a_link_that_leaves(target: str) -> None:
    for data in (_zip_link(target.encode()), _tar_link(target), _tar_link(f"../{target}", b"1")):
        assert "leaves the archive" in refusal(data)


@pytest.mark.parametrize("target", ["gone.v", "../rtl", ".", "../.git/config"])
def test_a_link_to_what_is_no_file(target: str) -> None:
    for data in (_zip_link(target.encode()), _tar_link(target)):
        assert "is no file of the archive" in refusal(data) or "is empty" in refusal(data)


def test_links_that_lead_to_one_another() -> None:
    links = tar_entry("a", b"2", linkname="b") + tar_entry("b", b"2", linkname="a")
    assert "leads back to itself" in refusal(links + END)
    assert "leads back to itself" in refusal(tar_entry("a", b"2", linkname="a") + END)


def test_nothing_is_written_through_a_link() -> None:
    data = tar_entry("out", b"2", linkname="rtl") + tar_entry("out/x.v", data=b"1") + END
    assert "is a file, so there can be no" in refusal(data)


def test_a_link_within_becomes_a_copy() -> None:
    expected = {"rtl/link.v": "rtl/a.v"}
    for data in (_zip_link(b"a.v"), _zip_link(b"../rtl/./a.v"), _tar_link("a.v")):
        assert read(data).copies == expected
    assert read(_tar_link("rtl/a.v", tarfile.LNKTYPE)).copies == expected


def test_a_chain_of_links_ends_at_the_file() -> None:
    links = b"".join(tar_entry(f"l{n}", b"2", linkname=f"l{n + 1}") for n in range(40))
    data = links + tar_entry("l40", data=b"end") + END
    assert read(data).copies == {f"l{n}": "l40" for n in range(40)}


def test_a_long_link() -> None:
    assert "link of more than 4096 bytes" in refusal(_zip_link(b"x" * 5000))


def test_copies_count_as_what_they_will_take() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a", bytes(range(256)) * 400)
        for number in range(50):
            link = zipfile.ZipInfo(f"link{number}")
            link.create_system, link.external_attr = 3, 0o120777 << 16
            archive.writestr(link, "a")
    assert len(read(out.getvalue()).copies) == 50
    assert "more than 1000000 bytes" in refusal(out.getvalue(), total_bytes=1_000_000)
