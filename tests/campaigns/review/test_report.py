"""The report: whole, offline, safe and readable."""

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest

from campaigns import lifecycle as facts
from campaigns.errors import StoreError
from campaigns.review.report import report, write_report
from tests.campaigns import synthetic

VOID = {"meta", "br", "link", "img", "input", "hr"}


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "c.db"
    with synthetic.fill(synthetic.create(path)) as store:
        return report(store)


def without_plotly(page: str) -> str:
    scripts = re.findall(r"<script>.*?</script>", page, flags=re.DOTALL)
    return page.replace(max(scripts, key=len), "")


class Outline(HTMLParser):
    """Checks that tags nest and collects headings and identifiers."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.levels: list[int] = []
        self.ids: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.ids += [found["id"]] if "id" in found else []
        self.links += [found["href"]] if "href" in found else []
        if re.fullmatch("h[1-6]", tag):
            self.levels.append(int(tag[1]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def figures(page: str) -> list[dict]:
    found = re.findall(r'<script type="application/json">(.*?)</script>', page)
    return [json.loads(text) for text in found]


def test_the_page_is_well_formed_and_its_links_lead_somewhere(page):
    outline = Outline()
    outline.feed(without_plotly(page))
    assert outline.open == []
    assert len(outline.ids) == len(set(outline.ids))
    assert {link.removeprefix("#") for link in outline.links} <= set(outline.ids)
    assert outline.levels[0] == 1
    assert outline.levels.count(1) == 1
    steps = zip(outline.levels, outline.levels[1:], strict=False)
    assert all(after <= before + 1 for before, after in steps)


def test_the_page_needs_no_network(page):
    assert "default-src 'none'" in page
    assert page.count("plotly.js v") == 1
    rest = without_plotly(page)
    assert "http" not in rest.replace("http-equiv", "")
    assert not re.search(r"<(link|img|iframe)\b|@import|url\(", rest)


def test_every_figure_is_one_that_plotly_knows(page):
    import plotly.graph_objects as go

    found = figures(page)
    # Pareto, progress, expectations, two loads, seven patterns, two firings, timeline.
    assert len(found) == 15
    colours = {"@ink": "black", "@muted": "gray", "@grid": "silver", "@paper": "white"}
    for figure in found:
        text = json.dumps(figure)
        for name, colour in colours.items():
            text = text.replace(name, colour)
        go.Figure(json.loads(text))
        axes = [v for k, v in figure["layout"].items() if re.match(r"[xy]axis", k)]
        assert all("title" in axis for axis in axes)
    assert page.count('role="img"') == page.count("<figcaption>") == len(found)


def test_results_are_shown_with_their_uncertainty(page):
    assert "Highest yield: 0.860 ± 0.030 weight share, sample S0008" in page
    assert "Nothing here was measured on a real sample." in page
    assert "Failed: crucible cracked" in page
    assert "Peaks at 27.1° are explained by no phase" in page
    assert "The model expects most target near 910 °C with BaO₂." in page
    assert "74.0 ± 3.2" in page
    assert "Target made: 86% of the crystalline part is target." in page
    assert "Candidates that were not taken (1)" in page


def test_a_report_is_the_same_each_time(tmp_path, page):
    with synthetic.fill(synthetic.create(tmp_path / "c.db")) as store:
        assert report(store) == page


def test_an_empty_campaign_has_a_report(tmp_path):
    with synthetic.create(tmp_path / "c.db") as store:
        page = report(store)
    outline = Outline()
    outline.feed(without_plotly(page))
    assert outline.open == []
    assert "No sample has been scored yet." in page
    assert figures(page) == []


def test_one_objective_needs_no_pareto_front(tmp_path):
    objectives = [{"measure": "yield", "goal": "maximize"}]
    with synthetic.fill(
        synthetic.create(tmp_path / "c.db", objectives=objectives), is_ended=False
    ) as store:
        page = report(store)
    assert len(figures(page)) == 14
    assert "(still running)" in page


def test_text_from_outside_stays_text(tmp_path):
    evil = "</script><script>alert(1)</script><b>"
    with synthetic.create(tmp_path / "c.db", name=evil) as store:
        started = facts.TaskStarted(
            task=evil, action="mix", samples=("S0001",), instrument=evil
        )
        ended = facts.SampleEnded(sample="S0001", status="held", reason=evil)
        store.append(
            synthetic.proposed("S0001"), started, ended, actor="engine", lab_time=9.0
        )
        page = report(store)
    assert "<script>alert" not in page
    assert "Held: &lt;/script&gt;" in page


def test_a_report_is_written_or_refused(tmp_path):
    with synthetic.create(tmp_path / "c.db") as store:
        path = write_report(store, tmp_path / "new" / "report.html")
        assert path.read_text("utf-8").startswith("<!doctype html>")
        with pytest.raises(StoreError, match="cannot be written"):
            write_report(store, tmp_path)


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("chromium"), reason="no Chromium here")
def test_a_browser_draws_it_without_complaint(tmp_path, page):
    file = tmp_path / "report.html"
    file.write_text(page, encoding="utf-8")
    done = subprocess.run(
        [
            "chromium", "--headless", "--no-sandbox", "--disable-gpu",
            "--enable-logging=stderr", "--window-size=1000,9000",
            "--virtual-time-budget=10000", "--dump-dom", file.as_uri(),
        ],
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    assert "CONSOLE" not in done.stderr
    assert done.stdout.count('class="main-svg"') >= 3 * 6
