"""An emulator for all tests, reset before each. Run it with pytest, or without: python3 test_lamp.py"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import urllib.request

COMMAND = os.environ.get("IOT_JOBS", "npx iot-jobs").split(" ")
FREE_PORTS = ["--mqtt-port", "0", "--data-port", "0", "--control-port", "0", "--page-port", "0"]
LAMP = "arn:aws:iot:us-east-1:123456789012:thing/lamp"


@contextlib.contextmanager
def running(directory):
    """The addresses, once all is ready."""
    command = COMMAND + ["emulate", "--dir", directory, "--thing", "lamp", "--json"] + FREE_PORTS
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()


def call(emulator, method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(emulator["control"]["url"] + path, data, method=method)
    request.add_header("content-type", "application/json")
    with urllib.request.urlopen(request) as response:
        return json.loads(response.read() or "{}")


def test_a_reboot_is_queued(emulator):
    call(emulator, "POST", "/reset")
    document = json.dumps({"operation": "reboot"})
    call(emulator, "PUT", "/jobs/reboot-1", {"targets": [LAMP], "document": document})
    assert call(emulator, "GET", "/jobs/reboot-1")["job"]["status"] == "IN_PROGRESS"
    call(emulator, "PUT", "/jobs/reboot-1/cancel")
    ended = call(emulator, "GET", "/wait/jobs/reboot-1/things/lamp?timeout=10")["execution"]
    assert ended["status"] == "CANCELED"


def test_a_fault_is_listed(emulator):
    call(emulator, "POST", "/reset")
    fault = call(emulator, "POST", "/faults", {"action": "cut", "times": 1})
    assert [one["id"] for one in call(emulator, "GET", "/faults")["faults"]] == [fault["id"]]
    call(emulator, "DELETE", "/faults/" + fault["id"])


if "pytest" in sys.modules:
    import pytest

    @pytest.fixture(scope="session")
    def emulator(tmp_path_factory):
        with running(str(tmp_path_factory.mktemp("emulator"))) as addresses:
            yield addresses


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, running(folder) as addresses:
        test_a_reboot_is_queued(addresses)
        test_a_fault_is_listed(addresses)
        print("ok")
