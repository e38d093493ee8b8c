"""Writing the pages, and finding those that are not what the code says."""

from pathlib import Path

from reference import api, cli, metrics, settings

FOLDER = Path(__file__).parents[2] / "docs" / "reference"
PAGES = {"settings": settings.page, "api": api.page, "cli": cli.page, "metrics": metrics.page}


def write() -> None:
    """Make all pages anew; leave those alone that are as they have to be."""
    FOLDER.mkdir(exist_ok=True)
    for name, page in PAGES.items():
        path, text = FOLDER / f"{name}.md", page()
        if not path.exists() or path.read_text() != text:
            path.write_text(text)


if __name__ == "__main__":
    write()
