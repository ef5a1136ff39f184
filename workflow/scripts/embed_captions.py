"""Embed what was said of each stimulus into a Features table."""

from pathlib import Path

from tqdm import tqdm

from cogmodels.data.bids import read_tsv
from cogmodels.data.tables import write_features
from cogmodels.stimuli.text import embed_texts, load_text_model, read_captions, text_features
from cogmodels.tracking.job import job

with job(snakemake):
    options, table = snakemake.params.options, Path(snakemake.output.features)
    source = Path(snakemake.params.root) / options["table"]
    stimuli, texts = read_captions(read_tsv(source), options["stimulus"], options["text"], source)
    with tqdm(total=len(texts), desc="captions", mininterval=5) as bar:
        vectors = embed_texts(load_text_model(options["model"]), texts, batch=options["batch"], progress=bar.update)
    write_features(table, text_features(table.stem, stimuli, vectors))
