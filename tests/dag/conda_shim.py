"""A stand-in for `conda`: what Snakemake asks of it, answered by py-rattler from a channel of files.

    python conda_shim.py channel FOLDER PACKAGES.json    # makes the channel
    python conda_shim.py prefix CHANNEL info --json      # and what else Snakemake calls

Packages are empty, but for `python`, which runs the interpreter of the tests and notes in which environment it was called:
environments are solved, made and entered, and nothing is said of what conda-forge has.
"""

import asyncio
import io
import json
import os
import sys
import tarfile
from pathlib import Path

from rattler import MatchSpec, solve
from rattler.index import index_fs
from rattler.install import install

VERSION = "24.7.1"


async def make_channel(folder, packages):
    """A noarch package each: name, version, depends, files (path -> text)."""
    place = folder / "noarch"
    place.mkdir(parents=True)
    for one in packages:
        about = {
            "name": one["name"], "version": one["version"], "build": "0", "build_number": 0, "depends": one["depends"],
            "noarch": "generic", "subdir": "noarch", "timestamp": 1_700_000_000_000,
        }  # fmt: skip
        paths = [{"_path": name, "path_type": "hardlink"} for name in one["files"]]
        members = {
            "info/index.json": json.dumps(about), "info/paths.json": json.dumps({"paths": paths, "paths_version": 1}),
            "info/files": "".join(f"{name}\n" for name in one["files"]), **one["files"],
        }  # fmt: skip
        with tarfile.open(place / f"{one['name']}-{one['version']}-0.tar.bz2", "w:bz2", compresslevel=1) as packed:
            for name, text in members.items():
                item = tarfile.TarInfo(name)
                item.size, item.mode = len(text.encode()), 0o755
                packed.addfile(item, io.BytesIO(text.encode()))
    await index_fs(folder)


async def solved(channel, file):
    """Records of the packages of an environment file; what pip would install is left out."""
    import yaml

    wanted = [text for text in yaml.safe_load(file.read_text())["dependencies"] if isinstance(text, str)]
    return await solve([channel.as_uri()], [MatchSpec(text) for text in wanted], platforms=["linux-64", "noarch"])


async def answer(prefix, channel, words):
    if words[:1] == ["info"]:
        print(json.dumps({"conda_prefix": str(prefix), "platform": "linux-64", "conda_version": VERSION}))
    elif words[:1] == ["--version"]:
        print(f"conda {VERSION}")
    elif words[:2] == ["config", "--get"]:
        print(json.dumps({"get": {"channel_priority": "strict"}}))
    elif words[:2] == ["env", "create"]:
        file, target = (Path(words[words.index(name) + 1]) for name in ("--file", "--prefix"))
        await install(await solved(channel, file), target, cache_dir=prefix / "pkgs", show_progress=False)
    elif words[:1] == ["solve"]:
        print(json.dumps({file: len(await solved(channel, Path(file))) for file in words[1:]}))


def main(words):
    if words[0] == "channel":
        work = make_channel(Path(words[1]), json.loads(Path(words[2]).read_text()))
    else:
        work = answer(Path(words[0]), Path(words[1]), words[2:])
    try:
        asyncio.run(work)
    except Exception as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        return 1
    sys.stdout.flush()
    return 0


if __name__ == "__main__":
    # py-rattler's threads may end in an abort when the interpreter takes them down.
    os._exit(main(sys.argv[1:]))
