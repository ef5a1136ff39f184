"""The command line: each command does what the workflow's steps do, explains itself, and says what is wrong."""

import subprocess

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image

from cogmodels.cli import build_parser, main
from cogmodels.commands import doctor
from cogmodels.data.tables import read_fixations

COMMANDS = ["doctor", "validate", "data", "events", "scanpaths", "search", "compare", "timings", "sync", "completion"]
SCREEN = ["--screen-cm", "40x30", "--distance-cm", "60", "--screen-px", "800x600"]


def said(capsys, *arguments, status=0):
    """What a command prints, and what it complains of."""
    assert main([str(one) for one in arguments]) == status
    return capsys.readouterr()


def test_each_command_explains_itself(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    shown = capsys.readouterr().out
    assert ended.value.code == 0
    assert all(f"    {name}" in shown for name in COMMANDS)
    for name in [["events"], ["search", "run"], ["scanpaths", "generate"], ["data"], ["validate"], ["doctor"]]:
        with pytest.raises(SystemExit):
            main([*name, "--help"])
        assert f"  cogmodels {' '.join(name)}" in capsys.readouterr().out.split("examples:")[1]


def test_examples_in_the_help_are_understood():
    """Each example parses, where the shell would expand nothing that changes that."""
    parser, checked = build_parser(), 0
    waiting = [parser]
    while waiting:
        one = waiting.pop()
        for action in one._actions:
            waiting += (
                dict.fromkeys(getattr(action, "choices", None).values()) if hasattr(action, "_name_parser_map") else []
            )
        for line in (one.epilog or "").splitlines():
            if line.startswith("  cogmodels ") and ">" not in line:
                parser.parse_args(line.split()[1:])
                checked += 1
    assert checked >= 15


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_completion_knows_commands_and_options(shell, capsys, tmp_path):
    script = said(capsys, "completion", shell).out
    assert all(name in script for name in [*COMMANDS, "screen-cm"])
    if shell == "bash":
        (tmp_path / "script").write_text(script)
        done = f"source {tmp_path}/script; COMP_WORDS=(cogmodels da); COMP_CWORD=1; _shtab_cogmodels; echo ${{COMPREPLY[@]}}"
        found = subprocess.run(["bash", "-c", done], capture_output=True, text=True, check=True)
        assert found.stdout.split() == ["data"]


def test_doctor_finds_what_is_wrong_and_shows_no_key(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_API_KEY", "c" * 40)
    monkeypatch.setenv("COGMODELS_MIRROR", str(tmp_path))
    (tmp_path / "osie").mkdir()
    right = said(capsys, "doctor", tmp_path)
    assert "data mirror" in right.out
    assert "1 data sets" in right.out
    assert "c" * 40 not in right.out + right.err
    monkeypatch.setenv("COGMODELS_MIRROR", str(tmp_path / "gone"))
    wrong = said(capsys, "doctor", tmp_path, status=1)
    assert "data mirror must be mended" in wrong.err
    assert "Correct COGMODELS_MIRROR" in wrong.out
    lock = tmp_path / "lock"
    lock.write_text("numpy==0.1\nno-such-package==1.0\n")
    monkeypatch.setattr(doctor, "LOCK", lock)
    packages = next(one for one in doctor.examine(tmp_path, {}) if one.what == "packages")
    assert packages.state == "wrong"
    assert "missing: no-such-package; numpy 2" in packages.found


def test_login_is_found_in_netrc(tmp_path):
    def state(text):
        (tmp_path / ".netrc").write_text(text)
        (tmp_path / ".netrc").chmod(0o600)
        environment = {"HOME": str(tmp_path)}
        return next(one.state for one in doctor.examine(tmp_path, environment) if one.what == "W&B")

    assert state("machine api.wandb.ai login user password secret\n") == "ok"
    assert state("machine example.org login user password secret\n") == "optional"


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A folder with a spec and files of one's own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.tsv").write_text("image\tleft\n")
    spec = {
        "name": "mine", "title": "My scenes", "modalities": ["search"], "source": {"kind": "files", "path": "files"},
        "licence": {"name": "own", "redistributable": False}, "citations": ["Me (2026)"],
        "scenes": {"all": {"kind": "table", "title": "t", "table": "a.tsv", "size": [64, 64], "px_per_degree": 10}},
    }  # fmt: skip
    (tmp_path / "data_specs").mkdir()
    (tmp_path / "data_specs" / "mine.yaml").write_text(yaml.safe_dump(spec))
    return tmp_path


def test_data_are_listed_described_fetched(own, root, capsys):
    names = [line.split()[0] for line in said(capsys, "data", "list").out.splitlines()[1:]]
    assert names == sorted({"mine", *(file.stem for file in (root / "data_specs").glob("*.yaml"))})
    described = said(capsys, "data", "describe", "mine").out
    assert "copies may NOT be passed on" in described
    assert "Me (2026)" in described
    assert "1 files" in said(capsys, "data", "fetch", "mine").out
    assert (own / "data/mine/sourcedata/a.tsv").read_bytes() == (own / "files/a.tsv").read_bytes()
    row = next(line for line in said(capsys, "data", "list").out.splitlines() if line.startswith("mine"))
    assert "fetched (1 files)" in row


def test_data_that_cannot_be_fetched_are_named(own, capsys):
    assert "nothing to fetch" in said(capsys, "data", "fetch", "sim-study", status=1).err
    assert "did you mean `osie`" in said(capsys, "data", "describe", "osi", status=1).err


def test_a_config_is_checked_as_snakemake_lays_it(own, root, capsys):
    shown = said(capsys, "validate").out
    assert "haxby-1slice" in shown
    assert "snakemake -n" in shown
    small = said(capsys, "validate", root / "config/studies/osie.yaml", root / "config/ablations/osie-small.yaml").out
    assert "study osie" in small
    assert "scanpath-transformer" in small
    (own / "wrong.yaml").write_text("experiments: {one: {dataset: haxby2001, pipelin: trials}}\n")
    assert "did you mean `pipeline`" in said(capsys, "validate", "wrong.yaml", status=1).err
    (own / "wrong.yaml").write_text("datasets: [osi]\n")
    assert "did you mean `osie`" in said(capsys, "validate", "wrong.yaml", status=1).err
    assert "does not exist" in said(capsys, "validate", "gone.yaml", status=1).err


@pytest.fixture
def looks(tmp_path):
    """A table of 2 s at 500 Hz that rests at three places, 200 px apart, with saccades of 30 ms between."""
    rng, time = np.random.default_rng(0), np.arange(1000) * 2.0
    x = np.interp(time, [600, 630, 1300, 1330], [200, 400, 400, 600]) + rng.normal(0, 0.5, 1000)
    table = pd.DataFrame({"t": time, "gx": x, "gy": 300 + rng.normal(0, 0.5, 1000)})
    table.to_csv(tmp_path / "look.csv", index=False)
    reading = {"format": "columns", "columns": {"time": "t", "left_x": "gx", "left_y": "gy"}}
    (tmp_path / "reading.yaml").write_text(yaml.safe_dump(reading))
    return tmp_path


def test_events_of_a_file(looks, capsys):
    command = ["events", looks / "look.csv", "--out", looks / "out", "--reading", looks / "reading.yaml"]
    shown = said(capsys, *command, *SCREEN).out
    assert "look.csv" in shown
    fixations = read_fixations(looks / "out/fixations.parquet")
    assert len(fixations) == 3
    assert np.allclose(fixations["x"], [200, 400, 600], atol=2)
    assert np.allclose(fixations["onset"], [0, 0.63, 1.33], atol=0.02)
    events = pd.read_csv(looks / "out/look_events.tsv", sep="\t")
    assert (events["event"] == "saccade").sum() == 2
    with Image.open(looks / "out/look_gaze.png") as figure:
        assert figure.width > 800
    shorter = ["--set", "minimum_fixation_s=0.65", "--set", "merge_gap_s=0", "--no-figures"]
    said(capsys, *command, *SCREEN, *shorter)
    assert len(read_fixations(looks / "out/fixations.parquet")) == 2


def test_events_that_cannot_be_had(looks, capsys):
    command = ["events", looks / "look.csv", "--out", looks / "out", "--reading", looks / "reading.yaml"]
    assert "--distance-cm not given" in said(capsys, *command, *SCREEN[:2], *SCREEN[4:], status=1).err
    assert (
        "did you mean `velocity_threshold`"
        in said(capsys, *command, *SCREEN, "--set", "velocity_treshold=3", status=1).err
    )
    assert "`detector`" in said(capsys, *command, *SCREEN, "--detector", "ivvt", status=1).err
    twice = ["events", looks / "look.csv", looks / "look.csv", "--out", looks / "out"]
    assert "two files are called look" in said(capsys, *twice, *SCREEN, status=1).err
    with pytest.raises(SystemExit):
        main(["events", "a", "--out", "b", "--screen-cm", "40"])


def test_events_of_a_recording_are_those_of_the_workflow(mirror, tmp_path, capsys):
    """A file read by the command, and the same converted to BIDS, as a study does, and read from there."""
    from cogmodels.commands.events import reading_options
    from cogmodels.data.converters.gaze_files import convert

    file = mirror / "asc-snippets/tests/files/eyelink_binocular_example.asc"
    said(capsys, "events", file, "--out", tmp_path / "direct", "--screen-cm", "38x30", "--distance-cm", "72")
    options = reading_options(file, screen_cm=(38, 30), distance_cm=72) | {"files": "eyelink_{subject}_example.asc"}
    convert(file.parent, tmp_path / "bids", "binocular", options)
    both = sorted((tmp_path / "bids").rglob("*_physio.tsv.gz"))
    said(capsys, "events", *both, "--out", tmp_path / "through", "--no-figures")
    direct, through = (
        [one.read_text() for one in sorted((tmp_path / name).glob("*_events.tsv"))] for name in ("direct", "through")
    )
    assert direct == through
    assert len(direct) == 2
    assert all(events.count("fixation") > 1 for events in direct)


def test_displays_are_searched(tmp_path, capsys):
    shown = said(capsys, "search", "run", "--displays", "t-l", "--repeats", "2", "--model", "chance", "--out", tmp_path)
    scores = pd.read_csv(tmp_path / "scores.csv").set_index("metric")["value"]
    assert "found_rate" in shown.out
    assert scores["found_rate"] == 1.0
    trials = pd.read_csv(tmp_path / "trials.csv")
    # Two displays of three set sizes under two conditions; chance looks into each of nine cells once at most.
    assert len(trials) == 12
    assert trials["n_fixations"].between(1, 9).all()
    assert (tmp_path / "search.png").exists()
    assert len(read_fixations(tmp_path / "fixations-t-l.parquet"))
    wrong = said(capsys, "search", "run", "--displays", "tl", "--out", tmp_path, status=1).err
    assert "did you mean `t-l`" in wrong
    wrong = ["search", "run", "--displays", "t-l", "--out", tmp_path, "--set", "memry=3"]
    assert "did you mean `memory`" in said(capsys, *wrong, status=1).err


def test_scenes_of_ones_own_are_searched(tmp_path, capsys):
    rng = np.random.default_rng(0)
    for name in ("a.png", "b.png"):
        picture = rng.integers(100, 130, (96, 128, 3), np.uint8)
        picture[60:76, 90:106] = 255
        Image.fromarray(picture).save(tmp_path / name)
    boxes = pd.DataFrame({"image": ["a.png", "b.png"], "left": 90, "top": 60, "right": 106, "bottom": 76})
    boxes.to_csv(tmp_path / "scenes.tsv", sep="\t", index=False)
    command = [
        "search",
        "run",
        "--scenes",
        tmp_path / "scenes.tsv",
        "--out",
        tmp_path / "out",
        "--model",
        "pixel_match",
    ]
    assert "--px-per-degree" in said(capsys, *command, status=1).err
    assert "found in 100%" in said(capsys, *command, "--size", "128x96", "--px-per-degree", "10").out
    looks = read_fixations(tmp_path / "out/fixations.parquet")
    last = looks[looks["found"]].groupby("stimulus").last()
    assert np.allclose(last["x"], 98, atol=12)
    assert np.allclose(last["y"], 68, atol=12)
    assert len(list((tmp_path / "out/overlays").glob("*.png"))) == 2
