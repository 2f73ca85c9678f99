"""The lesson of each chapter can be downloaded from the chapter's page."""

from bs4 import BeautifulSoup
from make_lessons import LESSONS


def test_chapters_offer_their_lessons_and_other_pages_none(html, pages):
    lessons = {path.stem: path for path in LESSONS.glob("*.ipynb")}
    assert lessons.keys() <= {page.stem for page in pages}
    for page in pages:
        soup = BeautifulSoup(page.read_text(), "html.parser")
        links = soup.select("article a[download]")
        assert len(links) == (page.stem in lessons)
        for link in links:
            assert link.find_previous("h1")
            offered = page.parent / link["href"]
            assert offered.read_text() == lessons[page.stem].read_text()
