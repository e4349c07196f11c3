"""From a neutral document to PDF: Typst where the machine has a Chinese font (tagged, embedded), else reportlab's built-in Chinese face.

A document is data: {"title", "language", "blocks": [{"kind": "heading"|"text"|"pairs"|"table"|"note", …}]}. Text is data too, never markup.
A "mark" stands large and pale behind every page.
The same document gives the same bytes on the same machine.
"""

from __future__ import annotations

import functools
import io
import json
from typing import Any

import typst

HAN_FONTS = ("Noto Sans CJK SC", "Noto Serif CJK SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", "WenQuanYi Zen Hei", "SimSun")

TEMPLATE = """
#let doc = json(bytes(sys.inputs.document))
#set document(title: doc.title, author: doc.author, date: none)
#set page(paper: "a4", margin: (x: 22mm, y: 24mm), footer: context [#set text(8pt, fill: rgb("#3d515a"))
  #doc.footer #h(1fr) #counter(page).display("1 / 1", both: true)],
  background: if "mark" in doc { rotate(-32deg, text(30pt, weight: 700, fill: rgb("#e2e8eb"), doc.mark)) })
#set text(font: doc.fonts, size: 10pt, lang: doc.lang, region: doc.region, fill: rgb("#0b1f27"))
#set par(justify: false, leading: 0.75em)
#set table(stroke: none, inset: (x: 4pt, y: 5pt))
#show heading.where(level: 1): it => block(below: 14pt, text(18pt, weight: 700, it.body))
#show heading.where(level: 2): it => block(above: 18pt, below: 8pt, stroke: (top: 0.6pt + rgb("#74878f")), inset: (top: 6pt), width: 100%,
  text(12pt, weight: 700, it.body))
#heading(level: 1, doc.title)
#for block in doc.blocks {
  if block.kind == "heading" { heading(level: 2, block.text) }
  if block.kind == "text" { par(block.text) }
  if block.kind == "note" { text(8.5pt, fill: rgb("#3d515a"), block.text) }
  if block.kind == "pairs" {
    table(columns: (1fr, 2fr), ..block.rows.map(row => (text(fill: rgb("#3d515a"), row.at(0)), row.at(1))).flatten())
  }
  if block.kind == "table" {
    table(columns: block.head.len(), align: block.align.map(side => if side == "r" { right } else { left }),
      table.header(..block.head.map(cell => table.cell(stroke: (bottom: 0.8pt), text(weight: 700, cell)))),
      ..block.rows.map(row => row.map(cell => table.cell(stroke: (bottom: 0.3pt + rgb("#cad5da")), cell))).flatten())
  }
}
"""


def render(document: dict[str, Any]) -> bytes:
    """The PDF of `document`."""
    fonts = han_fonts()
    return _typst(document, fonts) if fonts else _reportlab(document)


@functools.cache
def _fonts() -> typst.Fonts:
    """Every face of the machine, found once: looking for them takes ten times as long as setting a page."""
    return typst.Fonts(include_system_fonts=True)


@functools.cache
def han_fonts() -> tuple[str, ...]:
    """Chinese faces Typst can find on this machine, best first."""
    found = set(_fonts().families())
    return tuple(name for name in HAN_FONTS if name in found)


def _typst(document: dict[str, Any], fonts: tuple[str, ...]) -> bytes:
    chinese = document["language"].startswith("zh")
    data = {
        **document,
        "author": "Xinqiao",
        "lang": "zh" if chinese else "en",
        "region": "cn" if chinese else "gb",
        "fonts": ["Liberation Sans", "Helvetica Neue", "Arial", *fonts] if set(_latin()) else list(fonts),
    }
    pdf = typst.compile(TEMPLATE.encode(), format="pdf", font_paths=_fonts(), sys_inputs={"document": json.dumps(data, ensure_ascii=False)})
    assert isinstance(pdf, bytes)
    return pdf


@functools.cache
def _latin() -> tuple[str, ...]:
    found = set(_fonts().families())
    return tuple(name for name in ("Liberation Sans", "Helvetica Neue", "Arial") if name in found)


def _reportlab(document: dict[str, Any]) -> bytes:
    """Plain, untagged, with Adobe's built-in STSong face: correct everywhere, prettier with a font installed."""
    from reportlab.lib import colors
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    body = ParagraphStyle("body", fontName="STSong-Light", fontSize=10, leading=16, wordWrap="CJK")
    large = ParagraphStyle("large", parent=body, fontSize=17, leading=26)
    story: list[Any] = [Paragraph(_plain(document["title"]), large), Spacer(1, 8)]
    for block in document["blocks"]:
        if block["kind"] in ("heading", "text", "note"):
            story += [Spacer(1, 6), Paragraph(_plain(block["text"]), body)]
        else:
            rows = [block["head"], *block["rows"]] if block["kind"] == "table" else block["rows"]
            table = Table([[Paragraph(_plain(str(cell)), body) for cell in row] for row in rows], repeatRows=1 if block["kind"] == "table" else 0)
            table.setStyle(TableStyle([("LINEBELOW", (0, 0), (-1, -1), 0.3, colors.grey)]))
            story.append(table)
    out = io.BytesIO()
    marked = functools.partial(_marked, mark=document.get("mark", ""))
    paper = SimpleDocTemplate(out, pagesize=A4, title=document["title"], author="Xinqiao", invariant=1)
    paper.build(story, onFirstPage=marked, onLaterPages=marked)
    return out.getvalue()


def _marked(canvas: Any, _paper: Any, *, mark: str) -> None:
    """Across the page, under its words, for whom it was made."""
    if mark:
        canvas.saveState()
        canvas.setFont("STSong-Light", 26)
        canvas.setFillGray(0.9)
        canvas.translate(297, 421)
        canvas.rotate(32)
        canvas.drawCentredString(0, 0, mark)
        canvas.restoreState()


def _plain(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
