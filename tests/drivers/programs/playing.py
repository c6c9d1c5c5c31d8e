"""What the Python programs of this folder share: what is asked of them, how values are shown, what is printed."""

import faulthandler
import hashlib
import json
import os
import traceback

HOW = json.loads(os.environ["DRIVER_TRIAL"])
with open(HOW["material"]) as file:
    MATERIAL = json.load(file)


def short(text):
    """A text, or if it is long, its digest."""
    data = text if isinstance(text, bytes | bytearray) else text.encode(errors="backslashreplace")
    return text if len(data) < 200 else f"{len(data)} bytes {hashlib.sha1(data).hexdigest()}"


def play(version, trials):
    """Do the trials that are asked for, each a method of ``trials``; print what each showed."""
    faulthandler.dump_traceback_later(100, exit=True)
    found = {"version": version}
    for name in HOW["only"]:
        try:
            found[name] = getattr(trials, name, lambda: None)()
        except Exception:
            found[name] = {"failed": traceback.format_exc()[-2000:]}
    print(json.dumps(found))
