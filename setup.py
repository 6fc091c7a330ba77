"""Installs tfcaps: three folders make one package, and a C compiler makes its three shared libraries.

    tfcaps/      -> tfcaps
    converters/  -> tfcaps.converters
    micro/       -> tfcaps.micro

`pip install -e .` compiles in place (micro/lib), `pip install .` into the wheel. Sub-packages are found by themselves.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

from setuptools import Command, find_packages, setup
from setuptools.command.build import build
from setuptools.dist import Distribution

ROOT = Path(__file__).resolve().parent
MICRO_SUFFIXES = ("c", "cc", "h", "S", "ld", "json", "yml", "properties", "txt", "xml", "pdsc")


def load(path: Path):
    """The module in a file, without importing the package around it."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class BuildNative(Command):
    """Compiles the shared libraries with the C compiler (cc or $CC), only what is out of date."""

    description = "compile the shared libraries of tfcaps.micro"
    user_options = [("inplace", "i", "into the source tree")]  # noqa: RUF012  (setuptools' own form)
    boolean_options = ["inplace"]  # noqa: RUF012

    def initialize_options(self) -> None:
        """Called by setuptools."""
        self.inplace = False
        self.editable_mode = False
        self.build_lib = None

    def finalize_options(self) -> None:
        """Called by setuptools."""
        self.set_undefined_options("build", ("build_lib", "build_lib"))
        self.native = load(ROOT / "micro" / "build.py")

    def run(self) -> None:
        """Compiles; a failure ends the build with one line."""
        in_place = self.inplace or self.editable_mode
        out_dir = ROOT / "micro" / "lib" if in_place else Path(self.build_lib, "tfcaps", "micro", "lib")
        for name in self.native.libraries():
            try:
                self.native.compile_library(name, out_dir)
            except RuntimeError as error:
                raise SystemExit(f"tfcaps: {error}") from None

    def get_source_files(self) -> list[str]:
        """What the libraries are made of, for the source distribution."""
        micro = ROOT / "micro"
        return [str(path.relative_to(ROOT)) for pattern in ("*.c", "*.h") for path in micro.rglob(pattern)]

    def get_outputs(self) -> list[str]:
        """What a build writes."""
        return [str(Path(self.build_lib, "tfcaps", "micro", "lib", name + ".so")) for name in self.native.libraries()]

    def get_output_mapping(self) -> dict[str, str]:
        """Nothing is copied from the source tree."""
        return {}


class Build(build):
    """Build, and the shared libraries with it."""

    sub_commands = [*build.sub_commands, ("build_native", None)]  # noqa: RUF012


class NativeDistribution(Distribution):
    """A wheel with machine code in it is made for one platform."""

    def has_ext_modules(self) -> bool:
        """True: the libraries are compiled, though not by build_ext."""
        return True


def packages() -> list[str]:
    """Every package, by the name it is imported under."""
    found = find_packages(str(ROOT), include=["tfcaps", "tfcaps.*"])
    for folder in ("converters", "micro"):
        found += [f"tfcaps.{folder}", *(f"tfcaps.{folder}.{name}" for name in find_packages(str(ROOT / folder)))]
    return found


commands = {"build": Build, "build_native": BuildNative}
try:
    from setuptools.command.bdist_wheel import bdist_wheel
except ImportError:  # before setuptools 70.1
    from wheel.bdist_wheel import bdist_wheel


class Wheel(bdist_wheel):
    """Tagged by platform only: the libraries know no Python version, so one wheel serves them all."""

    def get_tag(self) -> tuple[str, str, str]:
        """py3, no ABI, this platform."""
        return ("py3", "none", super().get_tag()[2])


setup(
    name="tfcaps",
    version="0.1.0",
    description="Capsule networks on microcontrollers: from Keras to int8 .tflite and portable C",
    license="Apache-2.0",
    python_requires=">=3.11",
    packages=packages(),
    package_dir={"tfcaps": "tfcaps", "tfcaps.converters": "converters", "tfcaps.micro": "micro"},
    package_data={
        "tfcaps": ["py.typed", "pruning/cost/*.json"],
        "tfcaps.converters": ["templates/*", "templates/**/*"],
        "tfcaps.converters.deploy": ["templates/*"],
        "tfcaps.micro": ["**/Kconfig", *(f"**/*.{suffix}" for suffix in MICRO_SUFFIXES)],
    },
    include_package_data=False,
    install_requires=[
        "numpy>=1.26,<3",
        "tensorflow>=2.21,<2.22",
        "keras>=3.12,<4",
        "tf_keras>=2.21,<2.22",
        "tensorflow-model-optimization==0.8.1",
        "ai-edge-litert>=2.1,<3",
        "tflite-micro==0.dev20261023182759",
        "flatbuffers>=24.3.25",
        "rich>=13",
        "click>=8.1",
        "matplotlib>=3.8",
    ],
    extras_require={
        "test": ["pytest>=8", "hypothesis>=6", "pytest-xdist>=3", "mlxtend>=0.23", "scikit-learn>=1.3", "ruff", "mypy"],
    },
    entry_points={"console_scripts": ["tfcaps = tfcaps.cli.main:main"]},
    cmdclass={**commands, "bdist_wheel": Wheel},
    distclass=NativeDistribution,
    zip_safe=False,
)
