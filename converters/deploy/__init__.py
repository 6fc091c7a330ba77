"""Projects for a device out of a .tflite: model, operators, arena and a first run, ready to compile.

project = tfcaps.converters.deploy.tflm_project(open("model.tflite", "rb").read(), name="digits")
tfcaps.converters.deploy.write_folder("out", project.files)
"""

from tfcaps.converters.deploy.folder import MARKER, write_folder
from tfcaps.converters.deploy.tflm import TflmProject, tflm_project

__all__ = ["MARKER", "TflmProject", "tflm_project", "write_folder"]
