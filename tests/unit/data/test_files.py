"""Files and folders of outputs."""

from cogmodels.files import unfolded


def test_a_folder_gives_its_files_in_order_and_what_is_hidden_stays_hidden(tmp_path):
    folder = tmp_path / "quality"
    folder.mkdir()
    for name in ("run-2.png", "run-1.png", ".snakemake_timestamp", ".part-x.png"):
        (folder / name).touch()
    figure = tmp_path / "bold.png"
    assert unfolded([figure, str(folder)]) == [figure, folder / "run-1.png", folder / "run-2.png"]
    assert unfolded([]) == []
