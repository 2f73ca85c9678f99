"""Put lessons and chapters into the package when it is built.

They stand beside it, where they are easy to find, and not inside. A lesson
calls what its chapter draws; see `mini_compress.chapters` and pyproject.toml.
"""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent


class BuildWithLessons(build_py):
    """Copy both to mini_compress/lessons of what is installed."""

    def run(self) -> None:
        """Build as usual; an editable install finds the lessons in place."""
        super().run()
        if not self.editable_mode:
            target = Path(self.build_lib) / "mini_compress" / "lessons"
            self.mkpath(str(target))
            for lesson in sorted((ROOT / "lessons").glob("*.ipynb")):
                chapter = ROOT / "book" / f"{lesson.stem}.md"
                self.copy_file(str(lesson), str(target / lesson.name))
                self.copy_file(str(chapter), str(target / chapter.name))


setup(cmdclass={"build_py": BuildWithLessons})
