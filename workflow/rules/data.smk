"""Sources to BIDS: fetched and converted, or simulated. A BIDS folder of your own needs none of these rules."""


rule fetch_source:
    """Fetch a data set's files, check every digest, and record them."""
    input:
        manifest=source_manifest,
    output:
        record=f"{DATA}/{{dataset}}/sourcedata/source.json",
    log:
        "logs/fetch_source/{dataset}.log",
    benchmark:
        "logs/benchmarks/fetch_source/{dataset}.tsv"
    wildcard_constraints:
        dataset=one_of(PLAN.of_kind("package", "url", "files")),
    retries: 2
    conda:
        "../../envs/data.yaml"
    params:
        source=source_of,
        specs=lambda wildcards: str(PLAN.spec_folders[wildcards.dataset]),
        code=code("fetch_source"),
    script:
        "../scripts/fetch_source.py"


rule describe_dataset:
    """Write the files of a converted data set that belong to no subject."""
    input:
        record=f"{DATA}/{{dataset}}/sourcedata/source.json",
    output:
        description=f"{DATA}/{{dataset}}/dataset_description.json",
    log:
        "logs/describe_dataset/{dataset}.log",
    benchmark:
        "logs/benchmarks/describe_dataset/{dataset}.tsv"
    wildcard_constraints:
        dataset=one_of(PLAN.of_kind("package", "url", "files")),
    conda:
        "../../envs/data.yaml"
    params:
        converter=lambda wildcards: PLAN.specs[wildcards.dataset].converter,
        options=converter_options,
        code=converter_code("describe_dataset"),
    script:
        "../scripts/describe_dataset.py"


rule convert_bids:
    """Convert one subject's recordings to BIDS."""
    input:
        record=f"{DATA}/{{dataset}}/sourcedata/source.json",
        description=f"{DATA}/{{dataset}}/dataset_description.json",
    output:
        scans=f"{DATA}/{{dataset}}/sub-{{subject}}/sub-{{subject}}_scans.tsv",
    log:
        "logs/convert_bids/{dataset}_sub-{subject}.log",
    benchmark:
        "logs/benchmarks/convert_bids/{dataset}_sub-{subject}.tsv"
    wildcard_constraints:
        dataset=one_of(PLAN.of_kind("package", "url", "files")),
    conda:
        "../../envs/data.yaml"
    params:
        converter=lambda wildcards: PLAN.specs[wildcards.dataset].converter,
        options=converter_options,
        code=converter_code("convert_bids"),
    script:
        "../scripts/convert_bids.py"


rule simulate_truth:
    """Draw what all simulated subjects share: stimuli, split, latent vectors."""
    input:
        features=lambda wildcards: truth_images(wildcards, features=True),
        images=lambda wildcards: truth_images(wildcards, features=False),
    output:
        description=f"{DATA}/{{dataset}}/dataset_description.json",
    log:
        "logs/simulate_truth/{dataset}.log",
    benchmark:
        "logs/benchmarks/simulate_truth/{dataset}.tsv"
    wildcard_constraints:
        dataset=one_of(PLAN.of_kind("simulation")),
    conda:
        "../../envs/simulate.yaml"
    params:
        title=lambda wildcards: PLAN.specs[wildcards.dataset].title,
        source=truth_source,
        code=code("simulate_truth"),
    script:
        "../scripts/simulate_truth.py"


rule simulate_subject:
    """Simulate one subject's recordings in BIDS, with their truth."""
    input:
        description=f"{DATA}/{{dataset}}/dataset_description.json",
    output:
        scans=f"{DATA}/{{dataset}}/sub-{{subject}}/sub-{{subject}}_scans.tsv",
    log:
        "logs/simulate_subject/{dataset}_sub-{subject}.log",
    benchmark:
        "logs/benchmarks/simulate_subject/{dataset}_sub-{subject}.tsv"
    wildcard_constraints:
        dataset=one_of(PLAN.of_kind("simulation")),
    conda:
        "../../envs/simulate.yaml"
    params:
        source=simulated_parts,
        code=code("simulate_subject"),
    script:
        "../scripts/simulate_subject.py"


rule simulate_scanpaths:
    """Simulate scanpaths of a known process on rendered images, in BIDS with their truth."""
    output:
        description=f"{DATA}/{{dataset}}/dataset_description.json",
        record=f"{DATA}/{{dataset}}/sourcedata/truth/scanpaths.json",
    log:
        "logs/simulate_scanpaths/{dataset}.log",
    benchmark:
        "logs/benchmarks/simulate_scanpaths/{dataset}.tsv"
    wildcard_constraints:
        dataset=one_of(PLAN.of_kind("scanpath_simulation")),
    conda:
        "../../envs/scanpath.yaml"
    params:
        title=lambda wildcards: PLAN.specs[wildcards.dataset].title,
        subjects=lambda wildcards: PLAN.specs[wildcards.dataset].subjects,
        size_px=lambda wildcards: scanpath_images(wildcards.dataset)["size_px"],
        source=source_of,
        code=code("simulate_scanpaths"),
    script:
        "../scripts/simulate_scanpaths.py"
