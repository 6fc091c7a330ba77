"""The manifests of micro/: well-formed, and every file is listed. They are built with stand-ins for foreign tools."""

import re
import shutil
import subprocess
import sys
from xml.etree import ElementTree

import pytest
import yaml
from glue_build import FAKE, GLUE, compiler

import tfcaps
from tfcaps import micro
from tfcaps.micro import packaging

ROOT = micro.include_dir().parent
MANIFESTS = ("CMakeLists.txt", "idf_component.yml", "tfcaps.tfcaps.pdsc", "zephyr/module.yml", "zephyr/Kconfig")
MANIFESTS += ("zephyr/CMakeLists.txt", "tflm/CMakeLists.txt", "packaging/arduino/library.properties")


def names(paths):
    return {path.relative_to(ROOT).as_posix() for path in paths}


def test_the_cmsis_pack_lists_every_file_and_none_that_is_not_there():
    pack = ElementTree.parse(packaging.PACK).getroot()
    files = [file.attrib for file in pack.iter("file")]
    listed = {file["name"] for file in files if file["category"] != "include"}
    assert len(listed) == len([file for file in files if file["category"] != "include"])
    run = "python -m tfcaps.micro.packaging pack"
    assert listed >= names(micro.source_files()), f"a source is not in the pack: {run}"
    assert listed >= names(micro.include_dir().rglob("*.h")), f"a header is not in the pack: {run}"
    assert listed >= names((ROOT / "src").glob("*.h")), f"a private header is not in the pack: {run}"
    for file in files:
        path = ROOT / file["name"]
        assert path.is_dir() if file["category"] == "include" else path.is_file(), f"{file['name']} is gone: {run}"
    assert packaging.PACK.read_text() == packaging.pack_description(), run
    assert packaging.PACK.name == f"{pack.findtext('vendor')}.{pack.findtext('name')}.pdsc"
    (condition,) = pack.iter("condition")
    assert {component.get("condition") for component in pack.iter("component")} == {None, condition.get("id")}
    ours = {(part.get("Cgroup"), part.get("Csub")) for part in pack.iter("component")}
    required = {(part.get("Cgroup"), part.get("Csub")) for part in condition}
    assert required - ours == {("TensorFlow", "Kernel")}


def test_every_manifest_says_the_package_version():
    pack = ElementTree.parse(packaging.PACK).getroot()
    versions = {part.get("Cversion") for part in pack.iter("component")}
    versions |= {pack.find("releases/release").get("version")}
    versions |= {yaml.safe_load((ROOT / "idf_component.yml").read_text())["version"], properties()["version"]}
    assert versions == {tfcaps.__version__}


def properties():
    text = (ROOT / "packaging" / "arduino" / "library.properties").read_text()
    return dict(line.split("=", 1) for line in text.splitlines())


def test_the_wheel_takes_every_manifest_along():
    setup = (ROOT.parent / "setup.py").read_text() if (ROOT.parent / "setup.py").is_file() else pytest.skip("a wheel")
    suffixes = re.search(r"MICRO_SUFFIXES = \((.*)\)", setup)[1]
    for name in (*MANIFESTS, "packaging/pack.xml", "packaging/arduino/tfcaps.h", "tflm/tfcaps_tflm.cc"):
        path = ROOT / name
        assert path.is_file()
        assert f'"{path.suffix[1:]}"' in suffixes or f"**/{path.name}" in setup


def test_arduino_compiles_the_library_it_gets(tmp_path):
    """As the IDE does: every source under src, with src as the only folder to include from."""
    command = [sys.executable, "-m", "tfcaps.micro.packaging", "arduino", str(tmp_path / "tfcaps")]
    subprocess.run(command, check=True, capture_output=True)
    source = tmp_path / "tfcaps" / "src"
    fields = properties()
    assert fields.keys() >= {"name", "version", "author", "maintainer", "sentence", "paragraph", "category", "url"}
    assert (source / fields["includes"]).is_file()
    assert {path.name for path in source.glob("*.c")} == {path.name for path in micro.source_files()}
    flags = ["-Wall", "-Wextra", "-Werror", "-I", str(source), "-fsyntax-only"]
    sources = [str(path) for path in sorted(source.rglob("*.c"))]
    subprocess.run(["cc", "-std=gnu11", *flags, *sources], check=True)
    sketch = tmp_path / "sketch.cpp"
    sketch.write_text("#include <tfcaps.h>\nauto used = tfcaps_squash_s8;\n")
    subprocess.run([compiler(), "-std=gnu++11", *flags, str(sketch)], check=True)
    again = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (again.returncode, len(again.stderr.splitlines())) == (2, 1)


def cmake(source, build, *definitions, targets=("all",)):
    if shutil.which("cmake") is None:
        pytest.skip("no cmake")
    commands = [["cmake", "-S", source, "-B", build, *definitions]]
    commands += [["cmake", "--build", build, "-j2", "--target", *targets]] if targets else []
    for command in commands:
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_cmake_builds_the_kernels_and_the_operators(tmp_path):
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.16)\nproject(user C CXX)\n"
        f"add_subdirectory({ROOT} kernels)\nadd_subdirectory({GLUE} tflm)\n"
    )
    fake = (f"-DTFLM_INCLUDE_DIRS={FAKE}", "-DTFLM_DEFINITIONS=FAKE_TFLM_GENERATION=2")
    cmake(tmp_path, tmp_path / "build", *fake, "-DCMAKE_C_FLAGS=-Wall -Wextra -Werror")
    assert (tmp_path / "build" / "kernels" / "libtfcaps_kernels.a").is_file()
    assert (tmp_path / "build" / "tflm" / "libtfcaps_tflm.a").is_file()


IDF = """
cmake_minimum_required(VERSION 3.16)
project(user C CXX)
set(ESP_PLATFORM 1)
set(COMPONENT_LIB __idf_tfcaps)
add_library(runtime INTERFACE)
target_include_directories(runtime INTERFACE {fake})
target_compile_definitions(runtime INTERFACE FAKE_TFLM_GENERATION=1)
function(idf_component_register)
  cmake_parse_arguments(given "" "" "SRC_DIRS;INCLUDE_DIRS;PRIV_INCLUDE_DIRS" ${{ARGN}})
  foreach(folder ${{given_SRC_DIRS}})
    file(GLOB found ${{CMAKE_CURRENT_SOURCE_DIR}}/${{folder}}/*.c)
    list(APPEND sources ${{found}})
  endforeach()
  add_library(${{COMPONENT_LIB}} STATIC ${{sources}})
  target_include_directories(${{COMPONENT_LIB}} PUBLIC ${{given_INCLUDE_DIRS}} PRIVATE ${{given_PRIV_INCLUDE_DIRS}})
endfunction()
function(idf_build_get_property variable property)
  set(${{variable}} "main;tfcaps;{runtime}" PARENT_SCOPE)
endfunction()
function(idf_component_get_property variable component property)
  set(${{variable}} runtime PARENT_SCOPE)
endfunction()
add_subdirectory({root} tfcaps)
"""

ZEPHYR = """
cmake_minimum_required(VERSION 3.16)
project(user C CXX)
set(CONFIG_TFCAPS y)
set(CONFIG_TFCAPS_TFLM {runtime})
add_compile_definitions(FAKE_TFLM_GENERATION=1)
function(zephyr_library_named name)
  add_library(${{name}} STATIC)
  set(ZEPHYR_CURRENT_LIBRARY ${{name}} PARENT_SCOPE)
endfunction()
function(zephyr_library_sources)
  target_sources(${{ZEPHYR_CURRENT_LIBRARY}} PRIVATE ${{ARGN}})
endfunction()
function(zephyr_library_sources_ifdef condition)
  if(${{${{condition}}}})
    zephyr_library_sources(${{ARGN}})
  endif()
endfunction()
function(zephyr_include_directories)
  target_include_directories(${{ZEPHYR_CURRENT_LIBRARY}} PRIVATE {fake} ${{ARGN}})
endfunction()
function(zephyr_include_directories_ifdef condition)
  if(${{${{condition}}}})
    zephyr_include_directories(${{ARGN}})
  endif()
endfunction()
add_subdirectory({root}/zephyr tfcaps)
"""


@pytest.mark.parametrize(("template", "runtime"), [(IDF, "espressif__esp-tflite-micro"), (ZEPHYR, "y")])
def test_other_build_systems_compile_every_source(template, runtime, tmp_path):
    """With stand-ins for the functions of theirs that we call."""
    (tmp_path / "CMakeLists.txt").write_text(template.format(root=ROOT, fake=FAKE, runtime=runtime))
    cmake(tmp_path, tmp_path / "build")
    (library,) = (tmp_path / "build").rglob("lib*tfcaps.a")
    members = subprocess.run(["ar", "t", str(library)], capture_output=True, text=True, check=True).stdout.split()
    assert set(members) == {f"{path.name}.o" for path in micro.source_files()} | {"tfcaps_tflm.cc.o"}


@pytest.mark.parametrize("template", [IDF, ZEPHYR])
def test_other_build_systems_do_without_the_runtime(template, tmp_path):
    (tmp_path / "CMakeLists.txt").write_text(template.format(root=ROOT, fake=FAKE, runtime=""))
    cmake(tmp_path, tmp_path / "build", "-G", "Unix Makefiles", targets=())
    rules = "".join(path.read_text() for path in (tmp_path / "build").rglob("build.make"))
    assert "tfcaps_squash_s8.c.o" in rules
    assert "tfcaps_tflm.cc.o" not in rules


def test_the_zephyr_module_is_where_it_says():
    build = yaml.safe_load((ROOT / "zephyr" / "module.yml").read_text())["build"]
    assert (ROOT / build["cmake"] / "CMakeLists.txt").is_file()
    symbols = re.findall(r"^config (\w+)$", (ROOT / build["kconfig"]).read_text(), re.MULTILINE)
    used = set(re.findall(r"CONFIG_(\w+)", (ROOT / "zephyr" / "CMakeLists.txt").read_text()))
    assert used == set(symbols) == {"TFCAPS", "TFCAPS_TFLM"}


def test_the_idf_component_leaves_the_host_out_and_no_source():
    manifest = yaml.safe_load((ROOT / "idf_component.yml").read_text())
    excluded = {path for pattern in manifest["files"]["exclude"] for path in ROOT.glob(pattern)}
    assert ROOT / "host" / "host_op.c" in excluded
    needed = [*micro.source_files(), *micro.include_dir().rglob("*.h"), *GLUE.iterdir(), ROOT / "CMakeLists.txt"]
    assert not excluded & set(needed)
    assert manifest["dependencies"]["idf"] == ">=5.0"
