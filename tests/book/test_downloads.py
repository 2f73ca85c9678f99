"""The lesson of each chapter can be downloaded from the chapter's page."""

import pytest
from make_lessons import LESSONS

pytestmark = [pytest.mark.xdist_group("files"), pytest.mark.takes(10)]


def test_chapters_offer_their_lessons_and_other_pages_none(soups):
    lessons = {path.stem: path for path in LESSONS.glob("*.ipynb")}
    assert lessons.keys() <= {page.stem for page in soups}
    for page, soup in soups.items():
        links = soup.select("article a[download]")
        assert len(soup.select(".lesson-link a")) == (page.stem in lessons)
        assert bool(links) == (page.stem in lessons)
        for link in links:
            assert link.find_previous("h1")
            offered = page.parent / link["href"]
            assert offered.read_text() == lessons[page.stem].read_text()
