"""Headless Chromium by its DevTools protocol: opens a page, evaluates, presses keys, takes pictures."""
import base64
import json
import pathlib
import shutil
import subprocess
import tempfile
import time
import urllib.request

import websocket

FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars",
         "--disable-background-networking", "--disable-component-update", "--remote-debugging-port=0",
         "--remote-allow-origins=*")
KEYS = {"Enter": 13, "Escape": 27, "Tab": 9, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}


def waited(found):
    """What `found` gives as soon as it gives something."""
    end = time.monotonic() + 60
    while not (value := found()):
        assert time.monotonic() < end, f"nothing within a minute: {found}"
        time.sleep(0.05)
    return value


class Browser:
    """One tab. Requests, console messages and errors of the page are kept in `events`; `untouched` is the page as
    it was opened, where tests have said so."""

    def __init__(self):
        program = shutil.which("chromium")
        assert program, "the tests of the report need chromium: scripts/setup.sh --test"
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="rainier-browser-"))
        self.process = subprocess.Popen([program, *FLAGS, f"--user-data-dir={self.folder}", "about:blank"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        port = waited(self._port)
        tab = waited(lambda: self._tab(port))
        self.count, self.events, self.untouched = 0, [], None
        self.socket = websocket.create_connection(tab, timeout=60, suppress_origin=True)
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def _port(self):
        assert self.process.poll() is None, "chromium ended"
        file = self.folder / "DevToolsActivePort"
        return file.read_text().splitlines()[0] if file.exists() and file.read_text() else None

    @staticmethod
    def _tab(port):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=10) as answer:
            return next((page["webSocketDebuggerUrl"] for page in json.load(answer) if page["type"] == "page"), None)

    def call(self, method, **parameters):
        self.count += 1
        self.socket.send(json.dumps({"id": self.count, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self.socket.recv())
            if answer.get("id") == self.count:
                assert "error" not in answer, answer
                return answer["result"]
            self.events.append(answer)

    def evaluate(self, expression):
        """Value of the expression, which may be a promise."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def open(self, path, width=1280, height=900, dark=False):
        self.events.clear()
        self.untouched = None
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.call("Page.navigate", url=pathlib.Path(path).resolve().as_uri())
        waited(lambda: self.evaluate("document.readyState === 'complete' && Boolean(window.rainierReport?.ready)"))

    def press(self, key):
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=KEYS[key],
                      **({"text": "\r"} if key == "Enter" and kind == "keyDown" else {}))

    def click(self, x, y):
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def of(self, *methods):
        return [event["params"] for event in self.events if event["method"] in methods]

    def requests(self):
        """Addresses that the page asked for, beside itself and what it carries."""
        return [request["request"]["url"] for request in self.of("Network.requestWillBeSent")
                if request["request"]["url"].split(":")[0] not in ("data", "blob")]

    def errors(self):
        return [*self.of("Runtime.exceptionThrown"), *self.of("Log.entryAdded"),
                *[each for each in self.of("Runtime.consoleAPICalled") if each["type"] in ("error", "warning", "assert")]]

    def picture(self, path, clip=None):
        more = {"clip": {**clip, "scale": 1}, "captureBeyondViewport": True} if clip else {}
        pathlib.Path(path).write_bytes(base64.b64decode(self.call("Page.captureScreenshot", **more)["data"]))

    def close(self):
        self.socket.close()
        self.process.terminate()
        self.process.wait(timeout=20)
        shutil.rmtree(self.folder, ignore_errors=True)
