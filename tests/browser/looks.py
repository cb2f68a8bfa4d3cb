"""
What every page must pass, and how it is kept to be looked at.
"""

import os
from collections.abc import Sequence
from itertools import combinations, product
from pathlib import Path

from playwright.async_api import Page

from tests.tools import IN_CI, LONG, missing

AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SCREENSHOTS = "SCREENSHOTS" in os.environ
ARTEFACTS = Path(__file__).parent.parent.parent / "artefacts"


def combined(*axes: Sequence[object]) -> list[tuple[object, ...]]:
    """Return combinations of each two values of different axes in CI, elsewhere of each value at least."""
    if not IN_CI and not LONG:
        most = max(map(len, axes))
        return [tuple(axis[number % len(axis)] for axis in axes) for number in range(most)]
    every = list(product(*axes))
    if LONG:
        return every
    missed = {pair for each in every for pair in _pairs(each)}
    chosen: list[tuple[object, ...]] = []
    while missed:
        chosen.append(max(every, key=lambda each: len(missed.intersection(_pairs(each)))))
        missed.difference_update(_pairs(chosen[-1]))
    return chosen


def _pairs(values: tuple[object, ...]) -> list[tuple[object, ...]]:
    return list(combinations(enumerate(values), 2))


async def accessible(page: Page) -> None:
    """Let axe-core look at the page as it is now: no violation of WCAG 2.2 AA."""
    if not AXE.exists():
        missing(f"{AXE} is missing (npm install --prefix tests/browser): accessibility was NOT checked")
    if await page.evaluate("typeof axe === 'undefined'"):
        # Evaluated through the debugger: the page's own policy would not load it.
        await page.evaluate(AXE.read_text(encoding="utf-8"))
    found = await page.evaluate(
        "rules => axe.run({runOnly: rules, resultTypes: ['violations']}).then(r => r.violations.flatMap("
        "v => v.nodes.map(n => `${v.id}: ${n.target.join(' ')}: ${n.failureSummary}`)))",
        RULES,
    )
    assert found == []


async def unfold(page: Page) -> None:
    """Open all that can be opened."""
    await page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")


async def fits(page: Page) -> None:
    """See that nothing is wider than the window."""
    wide = await page.evaluate(
        """() => {
            const width = document.documentElement.clientWidth;
            if (document.documentElement.scrollWidth <= width) return [];
            return [...document.querySelectorAll('body *')]
                .filter(e => e.getBoundingClientRect().right > width + 1)
                .map(e => `${e.tagName}.${e.className}: ${Math.round(e.getBoundingClientRect().right)}`);
        }"""
    )
    assert wide == []
    assert await page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


async def whole_words(page: Page, cells: str = "thead th") -> None:
    """See that no word of these cells is broken over two lines."""
    broken = await page.evaluate(
        """cells => [...document.querySelectorAll(cells)].filter(e => e.checkVisibility()).flatMap(cell => {
            const lines = range => new Set([...range.getClientRects()].map(r => Math.round(r.top))).size;
            const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
            const found = [];
            while (texts.nextNode()) {
                for (const word of texts.currentNode.data.matchAll(/\\S+/g)) {
                    const range = document.createRange();
                    range.setStart(texts.currentNode, word.index);
                    range.setEnd(texts.currentNode, word.index + word[0].length);
                    if (lines(range) > 1) found.push(word[0]);
                }
            }
            return found;
        })""",
        cells,
    )
    assert broken == []


async def full_rows(page: Page, tiles: str) -> None:
    """See that tiles leave no hole: each row ends where the box that they are in does."""
    ends = await page.evaluate(
        """tiles => {
            const rows = new Map();
            for (const tile of document.querySelectorAll(tiles)) {
                const {top, right} = tile.getBoundingClientRect();
                const box = tile.parentElement.getBoundingClientRect().right;
                rows.set(Math.round(top), Math.round(box - right));
            }
            return [...rows.values()];
        }""",
        tiles,
    )
    assert ends
    assert [hole for hole in ends if hole > 2] == []


async def picture(page: Page, name: str) -> None:
    """Keep a screenshot of the whole page under `artefacts/` for who asked: it costs as much as all else."""
    if not SCREENSHOTS:
        return
    ARTEFACTS.mkdir(exist_ok=True)
    await page.screenshot(path=ARTEFACTS / f"{name}.png", full_page=True)
