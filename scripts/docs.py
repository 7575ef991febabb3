#!/usr/bin/env python3
"""Builds the documents as pages to browse without a network: build/docs/site/index.html.

Gathers README.md, docs/ and results/README.md, turns links to other files of the repository into plain text, and
runs `mkdocs build --strict` (Debian: mkdocs mkdocs-material), which fails on a link that leads nowhere."""
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGES = ROOT / "build" / "docs" / "pages"


def sources():
    """Source by page."""
    pages = {"index.md": ROOT / "README.md", "results.md": ROOT / "results" / "README.md"}
    pages.update({path.name: path for path in sorted((ROOT / "docs").glob("*.md"))})
    return pages


def page_of(source, pages):
    return next((page for page, path in pages.items() if path == source), None)


def linked(text, source, pages):
    """Links between sources as links between pages; pictures from docs/images; other files by name only."""
    def link(match):
        bang, label, target, anchor = match.groups()
        if re.match(r"[a-z]+:", target) or (not target and anchor):
            return match[0]
        path = (source.parent / target).resolve()
        if page := page_of(path, pages):
            return f"[{label}]({page}{anchor or ''})"
        if path.parent == ROOT / "docs" / "images":
            return f"{bang}[{label}](images/{path.name})"
        return label if path.exists() or target in pages else match[0]  # else let mkdocs complain
    return re.sub(r"(!?)\[([^\]]*)\]\(([^)#\s]*)(#[^)\s]*)?\)", link, text)


def main():
    if shutil.which("mkdocs") is None:
        sys.exit("mkdocs is not installed: apt-get install mkdocs mkdocs-material")
    pages = sources()
    shutil.rmtree(PAGES, ignore_errors=True)
    PAGES.mkdir(parents=True)
    shutil.copytree(ROOT / "docs" / "images", PAGES / "images")
    for page, source in pages.items():
        (PAGES / page).write_text(linked(source.read_text(encoding="utf-8"), source, pages), encoding="utf-8")
    built = subprocess.run(["mkdocs", "build", "--strict", "--quiet", "-f", ROOT / "scripts" / "mkdocs.yml"],
                           check=False)
    if built.returncode == 0:
        print(f"documents: {ROOT / 'build' / 'docs' / 'site' / 'index.html'}")
    sys.exit(built.returncode)


if __name__ == "__main__":
    main()
