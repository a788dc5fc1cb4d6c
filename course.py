#!/usr/bin/env python3
"""The only set-up that the course needs.

    python3 course.py lab       set up, copy the notebooks to work/ and open JupyterLab there
    python3 course.py test      set up for the tests and run them
    python3 course.py refresh   execute the committed notebooks again and store clean outputs

Standard library only. Everything that it writes is in .venv/ and work/; nothing global is registered.
This file must still parse on Python 3.6, so that an old interpreter gets one clear line.
"""

import sys

if sys.version_info < (3, 11):
    sys.exit(
        "course.py: this is Python {}.{}, and mmlab needs Python 3.11 or newer: "
        "install one and start course.py with it, e.g. python3.12 course.py lab".format(*sys.version_info[:2])
    )

import argparse
import contextlib
import difflib
import errno
import hashlib
import importlib.util
import json
import os
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
EXTRAS = {"lab": {"course"}, "test": {"course", "test"}, "refresh": {"course", "test"}}
HANDED_OUT = ("notebooks", "exercises")  # copied to work/
REFRESHED = ("notebooks", "solutions")  # executed by refresh
MOST_PROCESSES = 4  # that run tests at the same time
FIRST_PORT = 8888
CELL_SECONDS = 300

NO_VENV = (
    "this Python cannot make a virtual environment (venv or ensurepip is missing): install it "
    "(Debian, Ubuntu: sudo apt install python3-venv), then run the same command again"
)
NO_SPACE = "the disk is full: free about 1 GB, then run the same command again (it continues)"
NO_NETWORK = "the package index cannot be reached: check the network (proxy?), then run the same command again"
NO_TRUST = "the certificate of the package index was refused: check the proxy and the clock, then run it again"


class Stop(Exception):
    """An error that people can act on: its text is one line."""


def say(text):
    print(text, flush=True)


# --- set-up: .venv and what is installed in it ------------------------------------------------------


def venv_python(venv):
    """Path of the interpreter in a virtual environment, on this kind of system."""
    return venv / "Scripts" / "python.exe" if os.name == "nt" else venv / "bin" / "python"


def site_packages(venv):
    if os.name == "nt":
        return venv / "Lib" / "site-packages"
    return venv / "lib" / "python{}.{}".format(*sys.version_info[:2]) / "site-packages"


def setup_key(root):
    """Hash of all that decides what an install yields; tool settings (ruff, pytest) are not part of it."""
    import tomllib  # Python >= 3.11

    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    parts = [
        sys.version_info[:2],
        project.get("build-system"),
        project.get("project"),
        project.get("tool", {}).get("hatch"),
        (root / "constraints.txt").read_text(encoding="utf-8"),
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def read_json(path):
    """The object in a JSON file of ours; {} when it is missing or damaged."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def write_text(path, text):
    """Write a whole file or nothing: a full disk or Ctrl-C leaves the old one as it was."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name("." + path.name + ".partial")
    try:
        partial.write_bytes(text.encode("utf-8", "surrogateescape"))
        os.replace(partial, path)
    except BaseException:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise


def is_current(root, extras):
    venv = root / ".venv"
    stamp = read_json(venv / "mmlab-stamp.json")
    return (
        stamp.get("key") == setup_key(root)
        and stamp.get("root") == str(root)
        and set(extras) <= set(stamp.get("extras", ()))
        and venv_python(venv).exists()
    )


def set_up(root, extras):
    """Make .venv and install mmlab with these extras in it, unless that is done already. Raises Stop."""
    if is_current(root, extras):
        return
    venv, log = root / ".venv", root / ".venv" / "install.log"
    if venv.is_symlink():  # it has this other folder's mmlab in it, and would get ours
        raise Stop(".venv is a link to the environment of another folder: remove the link, and start again")
    stamp_file = venv / "mmlab-stamp.json"
    stamp = read_json(stamp_file)
    if log.exists() and not stamp:
        say("The last set-up did not finish: continuing it.")
    stamp_file.unlink(missing_ok=True)
    make_venv(venv, moved=stamp.get("root", str(root)) != str(root))
    extras = sorted(set(extras) | set(stamp.get("extras", ())))
    forget_half_installed(site_packages(venv))
    install(root, extras, log)
    done = {"key": setup_key(root), "root": str(root), "extras": extras}
    write_text(stamp_file, json.dumps(done) + "\n")


def make_venv(venv, moved=False):
    """A virtual environment with pip for the Python that runs this; a usable one is kept. Raises Stop."""
    if not moved and is_usable(venv):
        return
    if Path(sys.prefix).resolve() == venv.resolve():
        raise Stop("the .venv that runs course.py is damaged: start course.py with the Python outside of it")
    if not all(importlib.util.find_spec(name) for name in ("venv", "ensurepip")):
        raise Stop(NO_VENV)
    say("Making .venv (Python {}.{}).".format(*sys.version_info[:2]))
    command = [sys.executable, "-m", "venv", "--clear", str(venv)]
    made = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    if made.returncode:
        raise Stop(why_venv_failed(made.stdout))


def is_usable(venv):
    """True if this .venv starts, has pip, and is of the Python version that runs course.py."""
    probe = "import sys, pip; print('{}.{}'.format(*sys.version_info[:2]))"
    try:
        asked = subprocess.run([str(venv_python(venv)), "-c", probe], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    except OSError:
        return False
    return asked.returncode == 0 and asked.stdout.split() == [b"%d.%d" % sys.version_info[:2]]


def why_venv_failed(output):
    if is_disk_full(output):
        return NO_SPACE
    if "ensurepip" in output:
        return NO_VENV
    return ".venv could not be made: " + (output.strip().splitlines() or ["no reason was given"])[-1]


def forget_half_installed(packages):
    """Drop the records of packages whose install was cut off, so that pip puts them in again."""
    for info in packages.glob("*.dist-info"):
        if not (info / "INSTALLER").exists() or not (info / "RECORD").exists():
            shutil.rmtree(info)


def install(root, extras, log):
    """pip install mmlab, editable, under the constraints; pip's words go to the log. Raises Stop."""
    target = ".[{}]".format(",".join(extras))
    say("Installing mmlab and what it needs (about 500 MB, a minute or two); the log is in .venv/install.log.")
    command = [str(venv_python(root / ".venv")), "-m", "pip", "install", "--disable-pip-version-check"]
    command += ["--no-input", "--progress-bar", "off", "-c", "constraints.txt", "-e", target]
    begun = time.monotonic()
    with open(log, "wb") as sink:
        env = dict(os.environ, PYTHONUNBUFFERED="1", PYTHONIOENCODING="utf-8")
        pip = subprocess.Popen(command, cwd=str(root), env=env, stdout=sink, stderr=subprocess.STDOUT)
        try:
            follow(pip, log, site_packages(root / ".venv"))
        finally:
            if pip.poll() is None:
                pip.terminate()
                pip.wait()
    if pip.returncode:
        raise Stop(why_pip_failed(log.read_text(encoding="utf-8", errors="replace")))
    say("Installed in {:.0f} s.".format(time.monotonic() - begun))


def follow(pip, log, packages):
    """Condense what pip writes to one line of progress until it ends."""
    progress, before = Progress(), len(list(packages.glob("*.dist-info")))
    while pip.poll() is None:
        time.sleep(0.25)
        text = log.read_text(encoding="utf-8", errors="replace")
        progress.show(condense(text, len(list(packages.glob("*.dist-info"))) - before))
    progress.clear()


def condense(text, installed):
    """One line about a pip log: how far it is. `installed` counts the packages that have arrived."""
    batch = re.findall(r"^Installing collected packages: (.+)$", text, re.M)
    if batch:
        total = batch[-1].count(",") + 1
        return "  installing: {} of {} packages".format(min(max(installed, 0), total), total)
    found = re.findall(r"^\s*Collecting ([\w.-]+)", text, re.M)
    if re.search(r"^\s*WARNING: Retrying", text.rsplit("Collecting", 1)[-1], re.M):
        return "  the package index does not answer, trying again"
    return "  fetching: {} packages, {}".format(len(found), found[-1]) if found else "  starting pip"


class Progress:
    """A line that is rewritten on a terminal; elsewhere a plain line every few seconds."""

    def __init__(self, stream=None, seconds=5.0):
        self.stream = stream or sys.stdout
        self.seconds, self.last, self.text = seconds, time.monotonic(), ""

    def show(self, text):
        if text == self.text:
            return
        if self.stream.isatty():
            width = shutil.get_terminal_size().columns - 1
            self.stream.write("\r" + text[:width].ljust(width))
        elif time.monotonic() - self.last >= self.seconds:
            self.last = time.monotonic()
            self.stream.write(text + "\n")
        else:
            return
        self.text = text
        self.stream.flush()

    def clear(self):
        if self.stream.isatty() and self.text:
            self.stream.write("\r" + " " * (shutil.get_terminal_size().columns - 1) + "\r")
            self.stream.flush()


def is_disk_full(text):
    return bool(re.search(r"No space left on device|Disk quota exceeded|not enough space on the disk|ENOSPC", text))


def why_pip_failed(text):
    """The one line for people that a failed pip log amounts to."""
    if is_disk_full(text):
        return NO_SPACE
    if re.search(r"CERTIFICATE_VERIFY_FAILED|SSLCertVerificationError", text):
        return NO_TRUST
    broken = (
        r"NewConnectionError|ConnectTimeoutError|ReadTimeoutError|ProxyError|NameResolutionError|ProtocolError"
        r"|Failed to establish a new connection|Temporary failure in name resolution|getaddrinfo failed"
        r"|Network is unreachable|Connection refused|Could not fetch URL"
    )
    if re.search(broken, text):
        return NO_NETWORK
    errors = re.findall(r"^\s*ERROR: (.+)$", text, re.M) or ["pip gave no reason"]
    return "the install failed: {} (all of it: .venv/install.log)".format(errors[-1].strip())


def quiet_lab(venv):
    """JupyterLab's defaults for this .venv only: no news, no look for updates, long lines of code wrapped."""
    overrides = {
        "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
        "@jupyterlab/notebook-extension:tracker": {"codeCellConfig": {"lineNumbers": False, "lineWrap": True}},
    }
    path = venv / "share" / "jupyter" / "lab" / "settings" / "overrides.json"
    write_text(path, json.dumps(overrides, indent=1) + "\n")


def keep_words_whole(home):
    """Printed text that is too long for the window breaks between words; JupyterLab breaks it anywhere."""
    style = ".jp-OutputArea-output pre { word-break: normal !important; overflow-wrap: anywhere !important; }\n"
    write_text(home / "config" / "custom" / "custom.css", style)


def environment(root, home):
    """Environment for programs of .venv: Jupyter and IPython keep their files in `home`."""
    env, venv = dict(os.environ), root / ".venv"
    for name in ("JUPYTER_TOKEN", "JUPYTER_TOKEN_FILE", "PYTHONHOME"):
        env.pop(name, None)  # a token from outside (perhaps an empty one) must not replace a fresh one
    places = {
        "JUPYTER_CONFIG_DIR": home / "config",
        "JUPYTER_DATA_DIR": home / "data",
        "JUPYTER_RUNTIME_DIR": home / "runtime",
        "JUPYTERLAB_SETTINGS_DIR": home / "settings",
        "JUPYTERLAB_WORKSPACES_DIR": home / "workspaces",
        "IPYTHONDIR": home / "ipython",
        "MPLCONFIGDIR": venv / "cache" / "matplotlib",
    }
    for name, place in places.items():
        place.mkdir(parents=True, exist_ok=True)
        env[name] = str(place)
    env["VIRTUAL_ENV"] = str(venv)
    env["JUPYTER_PLATFORM_DIRS"] = "1"
    env["PATH"] = str(venv_python(venv).parent) + os.pathsep + env.get("PATH", "")
    return env


def run(command, env, cwd):
    """Become this command (Windows: wait for it); so a signal to course.py reaches it."""
    sys.stdout.flush()
    if os.name != "nt":
        os.chdir(str(cwd))
        os.execve(command[0], command, env)
    return subprocess.call(command, env=env, cwd=str(cwd))


# --- lab: the learner's copies ----------------------------------------------------------------------


def read_notebook(path):
    """The notebook in a file, as a dict. Raises Stop if it is none."""
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        notebook["cells"] = list(notebook["cells"])
    except (ValueError, KeyError, TypeError) as error:
        raise Stop("{} is not a notebook: {}".format(path, error))
    return notebook


def dump(notebook):
    """A notebook as text, laid out as Jupyter does."""
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def joined(text):
    return text if isinstance(text, str) else "".join(text)


def without_outputs(notebook):
    """Take outputs, counts and widget state out of a notebook dict, in place; returns it."""
    notebook.get("metadata", {}).pop("widgets", None)
    for cell in notebook["cells"]:
        for name in ("execution", "ExecuteTime"):
            cell.get("metadata", {}).pop(name, None)
        if cell.get("cell_type") == "code":
            cell.update(outputs=[], execution_count=None)
    return notebook


def content(text):
    """Hash of what a learner sees in a file; of a notebook the cells and outputs, not how it was saved."""
    try:
        cells = json.loads(text)["cells"]
        seen = [[c["cell_type"], joined(c["source"]), c.get("outputs", []), c.get("attachments", {})] for c in cells]
        text = json.dumps(seen, sort_keys=True)
    except (ValueError, KeyError, TypeError):
        pass  # not a notebook: every byte counts
    return sha(text)


def sha(text):
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def read_text(path):
    return path.read_bytes().decode("utf-8", "surrogateescape")


def handed_text(source):
    return dump(without_outputs(read_notebook(source))) if source.suffix == ".ipynb" else read_text(source)


def sources(root, folders=HANDED_OUT, suffix=""):
    """Files in these folders of the project, by their path in it; hidden ones and caches are left out."""
    found = {}
    for folder in folders:
        for path in sorted((root / folder).rglob("*" + suffix)):
            name = path.relative_to(root)
            hidden = any(part.startswith(".") or part == "__pycache__" for part in name.parts)
            if path.is_file() and not hidden:
                found[name.as_posix()] = path
    return found


def beside(path, word):
    """Names beside a file, in turn: a.new.ipynb, a.new-2.ipynb, ..."""
    number = 1
    while True:
        tag = word if number == 1 else "{}-{}".format(word, number)
        yield path.with_name("{}.{}{}".format(path.stem, tag, path.suffix))
        number += 1


class Desk:
    """The learner's folder work/, and what was handed out to it (work/.handed-out.json).

    For each file: `version` is the hash of the text handed out, `content` of what a learner sees in it;
    `offered` and `offered_content` the same for a newer version that was put beside a changed copy.
    """

    def __init__(self, root):
        self.root, self.work = root, root / "work"
        self.ledger = self.work / ".handed-out.json"
        known = read_json(self.ledger).get("files", {})
        self.files = known if isinstance(known, dict) else {}

    def hand_out(self):
        """Bring work/ up to date; what a learner changed is never written to. Returns lines to say."""
        lines, given = [], 0
        for name, source in sources(self.root).items():
            line, wrote = self.hand_out_one(name, handed_text(source))
            lines += [line] if line else []
            given += wrote
            self.save()
        return (["Handed out to work/: {} file{}.".format(given, "s"[given == 1 :])] if given else []) + lines

    def hand_out_one(self, name, text):
        """Returns (line to say or "", files written over or made under their own name)."""
        target, entry, version = self.work / name, self.files.get(name, {}), sha(text)
        if target.exists():
            if version in (entry.get("version"), entry.get("offered")):
                return "", 0
            if content(read_text(target)) not in (entry.get("content"), content(text)):
                return self.put_beside(name, text), 0
        self.give(name, text)
        return "", 1

    def give(self, name, text):
        write_text(self.work / name, text)
        self.files[name] = {"version": sha(text), "content": content(text)}

    def put_beside(self, name, text):
        entry = self.files.setdefault(name, {})
        for place in beside(self.work / name, "new"):
            if not place.exists() or content(read_text(place)) in (
                entry.get("offered_content"),
                content(text),
            ):
                break
        write_text(place, text)
        entry.update(offered=sha(text), offered_content=content(text))
        return "work/{} is yours and stays; its new version is beside it: {}".format(name, place.name)

    def fresh(self, name):
        """A fresh copy of one file; the learner's is kept beside it as .old. Returns a line to say."""
        text, target = handed_text(sources(self.root)[name]), self.work / name
        offered = next(beside(target, "new"))
        kept = ""
        if target.exists() and content(read_text(target)) != content(text):
            old = next(place for place in beside(target, "old") if not place.exists())
            os.replace(target, old)
            kept = "; yours is kept as " + old.name
        if offered.exists() and content(read_text(offered)) == content(text):
            offered.unlink()
        self.give(name, text)
        self.save()
        return "work/{} is fresh{}".format(name, kept)

    def save(self):
        write_text(self.ledger, json.dumps({"files": self.files}, indent=1, sort_keys=True) + "\n")


def pick(wanted, names):
    """The one of these paths that someone means by a path, a file name, a stem or a number. Raises Stop."""
    wanted = wanted.replace(os.sep, "/")
    wanted = wanted[5:] if wanted.startswith("work/") else wanted
    for same in (
        lambda name: name == wanted,
        lambda name: name.rpartition("/")[2] == wanted,
        lambda name: Path(name).stem == wanted,
        lambda name: Path(name).stem.startswith(wanted),
    ):
        hits = [name for name in names if same(name)]
        if len(hits) == 1:
            return hits[0]
        if hits:
            raise Stop("{!r} can be {}: give the whole name".format(wanted, " or ".join(hits)))
    stems = sorted({Path(name).stem for name in names})
    near = difflib.get_close_matches(Path(wanted).stem, stems, 1, 0.5)
    hint = " (did you mean {}?)".format(near[0]) if near else ""
    raise Stop("no notebook {!r}{}; there are: {}".format(wanted, hint, ", ".join(stems) or "none"))


def is_free(port):
    """True if a server can listen on 127.0.0.1:port. Raises Stop if the system forbids that port."""
    with socket.socket() as probe:
        if os.name != "nt":  # as the server will: a port that was just left counts as free
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except PermissionError:
            raise Stop("port {} needs more rights: choose one from 1024 to 65535".format(port))
        except OSError:
            return False
    return True


def choose_port(asked):
    """The port asked for, or the next free one. Raises Stop."""
    if asked is None:
        for port in range(FIRST_PORT, FIRST_PORT + 200):
            if is_free(port):
                return port
        raise Stop("ports {} to {} are all taken: give one with --port".format(FIRST_PORT, FIRST_PORT + 199))
    if not 1 <= asked <= 65535:
        raise Stop("--port {}: a port is a number from 1 to 65535".format(asked))
    if not is_free(asked):
        raise Stop("port {} is taken: give another one with --port, or leave --port out".format(asked))
    return asked


def lab_command(root, port, browser, start):
    """The command line of JupyterLab: this machine only, token kept, no fetching from outside."""
    command = [str(venv_python(root / ".venv")), "-m", "jupyterlab", "--ServerApp.ip=127.0.0.1"]
    command += ["--ServerApp.port={}".format(port), "--ServerApp.port_retries=0"]
    command += ["--ServerApp.root_dir={}".format(root / "work"), "--ServerApp.answer_yes=True"]
    command += ["--LabApp.extension_manager=readonly", "--Application.log_level=ERROR", "--LabApp.custom_css=True"]
    if start:
        command.append("--LabApp.default_url=/lab/tree/{}".format(start))
    if not browser:
        command.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    return command


def lab(args):
    root, port = ROOT, choose_port(args.port)
    name = pick(args.fresh, sources(root)) if args.fresh else None
    set_up(root, EXTRAS["lab"])
    quiet_lab(root / ".venv")  # every time: an environment of an older version gets today's, too
    desk = Desk(root)
    start = None if desk.files else next(iter(sources(root, ("notebooks",), ".ipynb")), None)
    for line in ([desk.fresh(name)] if name else []) + desk.hand_out():
        say(line)
    desk.work.mkdir(exist_ok=True)
    say("Starting JupyterLab in work/; Ctrl-C stops it.")
    keep_words_whole(desk.work / ".jupyter")
    env = environment(root, desk.work / ".jupyter")
    return run(lab_command(root, port, not args.no_browser, start), env, desk.work)


# --- test -------------------------------------------------------------------------------------------


def pytest_arguments(arguments, root, cwd):
    """Paths that hold where the user is are made absolute, since pytest runs in the project's folder."""
    found, before = [], ""
    for argument in arguments:
        path, colons, rest = argument.partition("::")
        is_path = path and not argument.startswith("-") and not before.startswith("-") and (cwd / path).exists()
        found.append(str(cwd / path) + colons + rest if is_path and cwd != root else argument)
        before = argument
    return found


def side_by_side(arguments, cpus):
    """What makes pytest use several processes: for the whole default tier, where there are cpus for it."""
    return ["-n", str(min(cpus, MOST_PROCESSES)), "--dist", "loadfile"] if not arguments and cpus > 1 else []


def test(arguments):
    cwd = Path.cwd()
    set_up(ROOT, EXTRAS["test"])
    env = environment(ROOT, ROOT / ".venv" / "jupyter")
    command = [str(venv_python(ROOT / ".venv")), "-m", "pytest", *side_by_side(arguments, os.cpu_count() or 1)]
    return run(command + pytest_arguments(arguments, ROOT, cwd), env, ROOT)


# --- refresh: execute and clean ---------------------------------------------------------------------

KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE = {
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "pygments_lexer": "ipython3",
}
VIEW = "application/vnd.jupyter.widget-view+json"


def give_ids(notebook):
    """Keep the cell ids that there are; a missing or repeated one is made from the cell's text. In place."""
    taken = set()
    for cell in notebook["cells"]:
        name, number = cell.get("id"), 0
        while not name or name in taken:
            name = sha("{} {}".format(joined(cell["source"]), number))[:8]
            number += 1
        taken.add(name)
        cell["id"] = name
    return notebook


def clean(notebook):
    """Make an executed notebook (a dict) the same wherever and whenever it was executed; in place.

    Counts are 1..n; there is no widget state or view, no time stamp, no version of the interpreter.
    """
    give_ids(notebook)
    notebook.update(nbformat=4, nbformat_minor=5)
    metadata = notebook.setdefault("metadata", {})
    metadata.pop("widgets", None)
    metadata.update(kernelspec=dict(KERNELSPEC), language_info=dict(LANGUAGE))
    count = 0
    for cell in notebook["cells"]:
        cell["source"] = joined(cell["source"]).splitlines(True)
        for name in ("execution", "ExecuteTime", "collapsed", "scrolled"):
            cell.setdefault("metadata", {}).pop(name, None)
        if cell["cell_type"] != "code":
            continue
        if cell.get("execution_count") is not None:
            count += 1
            cell["execution_count"] = count
        cell["outputs"] = clean_outputs(cell.get("outputs", []), cell.get("execution_count"))
    return notebook


def clean_outputs(outputs, count):
    """Join pieces of a stream, settle rewritten lines, drop views of widgets that no longer live."""
    kept = []
    for output in outputs:
        if output["output_type"] == "stream":
            text = joined(output["text"])
            if kept and kept[-1].get("name") == output["name"]:
                kept[-1]["text"] += text
            else:
                kept.append(dict(output, text=text))
            continue
        output = dict(output)
        if "execution_count" in output:
            output["execution_count"] = count
        if "traceback" in output:
            output["traceback"] = [without_root(line) for line in output["traceback"]]
        if "data" in output:
            data = {kind: value for kind, value in output["data"].items() if kind != VIEW}
            if not data:
                continue
            for kind, value in data.items():
                if kind.startswith("text/") or kind.endswith("+xml"):
                    data[kind] = joined(value).splitlines(True)
            output["data"] = data
        kept.append(output)
    for output in kept:
        if output["output_type"] == "stream":
            output["text"] = settle(output["text"]).splitlines(True)
    return kept


def without_root(line):
    """A line of a traceback, with the project's own files named from its folder (IPython also writes ~)."""
    home = str(Path.home())
    short = "~" + str(ROOT)[len(home) :] if str(ROOT).startswith(home + os.sep) else str(ROOT)
    return line.replace(str(ROOT) + os.sep, "").replace(short + os.sep, "")


def settle(text):
    """What stays on a terminal after carriage returns (a progress bar leaves its last state)."""
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines)


def absolute_paths(notebook, places):
    """[(cell number, place)] where an output holds one of these folders of the machine it ran on."""
    found = []
    for number, cell in enumerate(notebook["cells"], 1):
        text = json.dumps(cell.get("outputs", []), ensure_ascii=False)
        found += [(number, place) for place in places if place in text]
    return found


def execute(path):
    """Run a notebook in its folder in a fresh kernel; returns it cleaned, as text. Raises Stop."""
    import nbclient  # in .venv only
    import nbformat

    notebook = nbformat.reads(dump(give_ids(without_outputs(read_notebook(path)))), as_version=4)
    where = {"metadata": {"path": str(path.parent)}}
    client = nbclient.NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        kernel_name="python3",
        record_timing=False,
        resources=where,
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
    )
    try:
        client.execute()
    except nbclient.exceptions.CellExecutionError as error:
        number = next(n for n, cell in enumerate(notebook.cells, 1) if has_error(cell))
        raise Stop("cell {}: {}: {}".format(number, error.ename, error.evalue.splitlines()[0] if error.evalue else ""))
    except (nbclient.exceptions.CellTimeoutError, nbclient.exceptions.DeadKernelError) as error:
        raise Stop(str(error).splitlines()[0])
    done = clean(json.loads(nbformat.writes(notebook)))
    for number, place in absolute_paths(done, [str(ROOT), str(Path.home()), "ipykernel_"]):
        raise Stop("cell {} prints a path of this machine ({}...)".format(number, place))
    return dump(done)


def has_error(cell):
    return any(output["output_type"] == "error" for output in cell.get("outputs", []))


def refresh(args):
    """Choose the notebooks, then go on inside .venv, where nbclient is."""
    names = sources(ROOT, REFRESHED, ".ipynb")
    chosen = [name_of(wanted, names) for wanted in args.notebook] or list(names)
    set_up(ROOT, EXTRAS["refresh"])
    env = environment(ROOT, ROOT / ".venv" / "jupyter")
    env.pop("MPLBACKEND", None)
    command = [str(venv_python(ROOT / ".venv")), str(ROOT / "course.py"), "_refresh"]
    return run(command + (["--check"] if args.check else []) + chosen, env, ROOT)


def name_of(wanted, names):
    path = Path(wanted).resolve()
    return next((name for name, source in names.items() if source == path), None) or pick(wanted, names)


def refresh_inside(names, check):
    """Execute these notebooks one after the other. Returns the exit code."""
    bad = 0
    for number, name in enumerate(names, 1):
        begun = time.monotonic()
        print("[{}/{}] {} ... ".format(number, len(names), name), end="", flush=True)
        try:
            text = execute(ROOT / name)
        except Stop as error:
            say("failed, {}".format(error))
            bad = 1
            continue
        changed = text != read_text(ROOT / name)
        if changed and check:
            bad = 1
        elif changed:
            write_text(ROOT / name, text)
        verdict = ("would change" if check else "changed") if changed else "unchanged"
        say("{}, {:.0f} s".format(verdict, time.monotonic() - begun))
    return bad


# --- the command line -------------------------------------------------------------------------------


def make_parser():
    parser = argparse.ArgumentParser(
        prog="course.py", description="Set up and open the mmlab course.", allow_abbrev=False
    )
    commands = parser.add_subparsers(dest="command", metavar="lab | test | refresh", required=True)

    text = "Set up, copy the notebooks without outputs to work/, and open JupyterLab there."
    one = commands.add_parser("lab", help="open the course in JupyterLab", description=text, allow_abbrev=False)
    one.add_argument("--no-browser", action="store_true", help="only print the address")
    one.add_argument("--port", type=int, metavar="N", help="listen on this port (default: the next free one)")
    one.add_argument("--fresh", metavar="NAME", help="a fresh copy of one notebook; yours is kept beside it")

    text = "Set up for the tests and run pytest; arguments go to it, e.g. -k lock or tests/test_course.py."
    one = commands.add_parser("test", help="run the tests", description=text, allow_abbrev=False)
    one.add_argument("--slow", action="store_true", help="also run the slow tier")
    one.add_argument("arguments", nargs="*", metavar="pytest argument")

    text = "Execute notebooks (default: all in notebooks/ and solutions/) and store clean outputs."
    one = commands.add_parser("refresh", help="execute the notebooks again", description=text, allow_abbrev=False)
    one.add_argument("notebook", nargs="*", metavar="NOTEBOOK", help="a path, a name, or a number such as 03")
    one.add_argument("--check", action="store_true", help="change nothing; exit 1 if a notebook would change")
    return parser


def dispatch(arguments):
    if arguments[:1] == ["_refresh"]:
        return refresh_inside([name for name in arguments[1:] if name != "--check"], "--check" in arguments)
    if arguments[:1] == ["test"] and arguments[1:2] not in (["-h"], ["--help"]):
        return test(arguments[1:])
    args = make_parser().parse_args(arguments)
    return {"lab": lab, "refresh": refresh}[args.command](args)


def main(arguments=None):
    """Run one command. Returns the exit code; what people can act on is one line on stderr."""
    try:
        return dispatch(sys.argv[1:] if arguments is None else arguments)
    except Stop as error:
        message, code = str(error), 1
    except KeyboardInterrupt:
        message, code = "interrupted; the same command continues", 130
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            message = NO_SPACE
        else:
            message = "{}: {}".format(error.filename or "the system says", error.strerror or error)
        code = 1
    print("course.py: " + message, file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
