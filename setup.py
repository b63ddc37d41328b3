"""What pyproject.toml cannot say: the wheel carries `ablations/`, from outside the package, as `lcr/packaged/`."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).parent


class BuildWithAblations(build_py):
    """Copies `ablations/` into what is built; an editable install reads the folder itself."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            target = Path(self.build_lib) / "lcr" / "packaged" / "ablations"
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(HERE / "ablations", target)


setup(cmdclass={"build_py": BuildWithAblations})
