"""The log on the job page, in a real browser: safe, readable and bounded, whatever comes."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page

from app.cli.stack import BACKEND

pytestmark = pytest.mark.system

PAGE = '<pre id="log" style="height: 10rem; overflow: auto"></pre><p id="cut" hidden>cut</p>'
START = """() => {
  window.log = document.getElementById("log");
  log.replaceChildren();
  cut.hidden = true;
  window.view = new LogView(log, document.getElementById("cut"));
  window.drawn = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""
#: Adds the pieces and returns the text shown once they are drawn.
SHOW = "async (pieces) => { for (const one of pieces) view.add(one); await drawn(); return log.textContent; }"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    page.set_content(PAGE)
    page.add_script_tag(path=BACKEND / "app/web/static/log.js")
    page.evaluate(START)
    yield page
    page.close()


def show(page: Page, *pieces: str) -> str:
    return str(page.evaluate(SHOW, list(pieces)))


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("</pre><script>window.hit=1</script>", "</pre><script>window.hit=1</script>"),
        ("<img src=x onerror='window.hit=1'>", "<img src=x onerror='window.hit=1'>"),
        ("\x1b[1;31mred\x1b[0m \x1b[38:2::1:2:3mx\x1b[K", "red x"),
        ("a\x1b]0;title\x07b\x1b]8;;http://x\x1b\\c\x1bPq\x1b\\d\x1b(Be\x1b=f\x1bMg", "abcdefg"),
        ("one\r\ntwo\rthree\n", "one\ntwo\nthree\n"),
        ("a\0b\x08c\x7fd\x9be", "a\ufffdb\ufffdc\ufffdd\ufffde"),
        ("a\u2028b\u202ec\u2066d", "a\ufffdb\ufffdc\ufffdd"),
        ("größe 😀 €", "größe 😀 €"),
    ],
)
def test_what_is_shown(page: Page, printed: str, shown: str) -> None:
    assert show(page, printed) == shown
    page.evaluate(START)
    assert show(page, *printed) == shown  # cut between any two characters
    assert page.evaluate("() => [log.childElementCount, window.hit]") == [0, None]


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.text("a;[]31m\x1b\x07\\\r\n\0", max_size=8), max_size=8))
def test_no_command_gets_through_however_it_is_cut(page: Page, pieces: list[str]) -> None:
    page.evaluate(START)
    cut = show(page, *pieces, "\n.")
    page.evaluate(START)
    assert cut == show(page, "".join(pieces), "\n.")
    assert set(cut) <= set("a;[]31m\\\n.\ufffd")


@pytest.mark.parametrize(
    ("piece", "least", "most"),
    [
        ("x" * 99 + "\n", 4_999 * 100, 10_000 * 100),
        ("y" * (64 << 10), 1_000_000, 2_000_000),
        ("\n", 4_999, 10_000),
    ],
    ids=["lines", "one line", "empty lines"],
)
def test_of_64_mb_only_the_newest_part_is_kept(
    page: Page, piece: str, least: int, most: int
) -> None:
    event = piece * ((64 << 10) // len(piece))
    page.evaluate(
        """async ([event, number]) => {
          for (let n = 0; n < number; n++) { view.add(event); if (n % 100 === 0) await drawn(); }
          view.add("the end");
          await drawn();
        }""",
        [event, 1 << 10],
    )
    shown = page.evaluate("log.textContent")
    assert least <= len(shown) <= most + (64 << 10)
    assert shown.endswith(piece[-1] + "the end")
    assert page.locator("#cut").is_visible()
    assert page.evaluate("log.childNodes.length") < 500


def test_of_much_at_once_only_the_newest_part_is_shown(page: Page) -> None:
    assert show(page, "line\n" * 9_000) == "line\n" * 5_000
    assert page.locator("#cut").is_visible()


def test_the_end_stays_in_view_unless_the_reader_has_gone_back(page: Page) -> None:
    below = "() => log.scrollHeight - log.clientHeight - log.scrollTop"
    show(page, "line\n" * 100)
    show(page, "line\n" * 100)
    assert page.evaluate(below) < 1
    page.evaluate("() => { log.scrollTop = 50; }")
    show(page, "line\n" * 100)
    assert page.evaluate("log.scrollTop") == 50
    assert not page.locator("#cut").is_visible()
