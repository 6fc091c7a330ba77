"""Files of Keras 3: converted and evaluated by it, and refused where tfmot cannot take them."""

import json
import os
import subprocess
import sys
import zipfile

from conftest import tfcaps


def test_the_flavour_in_use_cannot_read_the_other(tmp_path):
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.15.1"}))
        archive.writestr("config.json", "{}")
    result = tfcaps("evaluate", path, "--data", "digits")
    assert result.exit_code == 2
    assert "saved by Keras 3.15.1, while tf_keras is in use" in result.stderr


def test_the_command_follows_the_file(data, tmp_path):
    path = tmp_path / "model.keras"
    build = f"import tfcaps; tfcaps.models.build('tiny', num_classes=4).save({str(path)!r})"
    environment = {**os.environ, "TF_USE_LEGACY_KERAS": "0"}
    subprocess.run([sys.executable, "-c", build], env=environment, check=True, capture_output=True)
    command = [sys.executable, "-m", "tfcaps.cli"]
    more = ["--data", str(data), "-o", str(tmp_path / "model.tflite")]
    done = subprocess.run([*command, "convert", path, *more], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.returncode == 0
    assert tfcaps("evaluate", tmp_path / "model.tflite", "--data", data, "--samples", 10).exit_code == 0
    done = subprocess.run([*command, "prune", path, *more[:2]], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "tfmot" in done.stderr
    assert len(done.stderr.splitlines()) == 1
