"""Put the lessons into the package when it is built; see pyproject.toml.

They stand beside it, where they are easy to find, and not inside.
"""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

LESSONS = Path(__file__).parent / "lessons"


class BuildWithLessons(build_py):
    """Copy the notebooks to mini_compress/lessons of what is installed."""

    def run(self) -> None:
        """Build as usual; an editable install finds the lessons in place."""
        super().run()
        if not self.editable_mode:
            target = Path(self.build_lib) / "mini_compress" / "lessons"
            self.mkpath(str(target))
            for lesson in sorted(LESSONS.glob("*.ipynb")):
                self.copy_file(str(lesson), str(target / lesson.name))


setup(cmdclass={"build_py": BuildWithLessons})
