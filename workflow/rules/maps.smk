"""Models of every voxel: encoding by Features, searchlights."""

MAPS = f"{RESULTS}/fmri/{{dataset}}/{{model}}"
ENCODING_MAPS = {
    "r": "Pearson correlation of predicted and measured responses over held-out stimuli",
    "r_normalised": "the same over the square root of the noise ceiling; NaN where the ceiling is too low",
    "q": "p of the correlation, adjusted for the false discovery rate over voxels",
}
SEARCHLIGHT_MAPS = {
    "above_chance": "accuracy of the voxel's sphere less its chance (permuted labels)",
    "p": "one-sided p of the sphere's accuracy, labels permuted within runs",
    "q": "p adjusted for the false discovery rate over spheres",
}


rule fit_encoding:
    """Predict each voxel's responses of a subject from Features, and score it on held-out stimuli."""
    input:
        responses=model_responses,
        mask=model_mask,
        features=encoding_features,
    output:
        **{name: f"{MAPS}/sub-{{subject}}/stat-{name}_statmap.nii.gz" for name in ENCODING_MAPS},
        voxels=f"{MAPS}/sub-{{subject}}/voxels.tsv",
        model=f"{MAPS}/sub-{{subject}}/model.safetensors",
        summary=f"{MAPS}/sub-{{subject}}/summary.json",
        manifest=f"{MAPS}/sub-{{subject}}/manifest.json",
    log:
        "logs/fit_encoding/{dataset}_{model}_sub-{subject}.log",
    benchmark:
        "logs/benchmarks/fit_encoding/{dataset}_{model}_sub-{subject}.tsv"
    wildcard_constraints:
        model=one_of(PLAN.encodings),
    conda:
        "../../envs/fmri.yaml"
    params:
        options=model_options,
        maps=ENCODING_MAPS,
        about=about_model,
        pipeline=model_pipeline,
        study=STUDY.study,
        code=code("fit_encoding"),
    script:
        "../scripts/fit_encoding.py"


rule plot_encoding:
    """Draw how well each voxel of a subject is predicted, against its noise ceiling."""
    input:
        voxels=f"{MAPS}/sub-{{subject}}/voxels.tsv",
        mask=model_mask,
    output:
        figure=report(
            f"{MAPS}/sub-{{subject}}/encoding.png",
            caption="../report/encoding.rst",
            category="fMRI",
            labels={"data set": "{dataset}", "model": "{model}", "subject": "{subject}"},
        ),
    log:
        "logs/plot_encoding/{dataset}_{model}_sub-{subject}.log",
    benchmark:
        "logs/benchmarks/plot_encoding/{dataset}_{model}_sub-{subject}.tsv"
    wildcard_constraints:
        model=one_of(PLAN.encodings),
    conda:
        "../../envs/fmri.yaml"
    params:
        title=model_title,
        code=code("plot_encoding"),
    script:
        "../scripts/plot_encoding.py"


rule decode_searchlight:
    """Decode labels from the voxels around each voxel of a subject, a run left out at a time."""
    input:
        responses=model_responses,
        mask=model_mask,
    output:
        **{name: f"{MAPS}/sub-{{subject}}/stat-{name}_statmap.nii.gz" for name in SEARCHLIGHT_MAPS},
        voxels=f"{MAPS}/sub-{{subject}}/voxels.tsv",
        summary=f"{MAPS}/sub-{{subject}}/summary.json",
        manifest=f"{MAPS}/sub-{{subject}}/manifest.json",
    log:
        "logs/decode_searchlight/{dataset}_{model}_sub-{subject}.log",
    benchmark:
        "logs/benchmarks/decode_searchlight/{dataset}_{model}_sub-{subject}.tsv"
    wildcard_constraints:
        model=one_of(PLAN.searchlights),
    conda:
        "../../envs/fmri.yaml"
    params:
        options=model_options,
        maps=SEARCHLIGHT_MAPS,
        about=about_model,
        pipeline=model_pipeline,
        study=STUDY.study,
        code=code("decode_searchlight"),
    script:
        "../scripts/decode_searchlight.py"


rule plot_searchlight:
    """Draw where labels of a subject are decoded better than chance."""
    input:
        voxels=f"{MAPS}/sub-{{subject}}/voxels.tsv",
        mask=model_mask,
    output:
        figure=report(
            f"{MAPS}/sub-{{subject}}/searchlight.png",
            caption="../report/searchlight.rst",
            category="fMRI",
            labels={"data set": "{dataset}", "model": "{model}", "subject": "{subject}"},
        ),
    log:
        "logs/plot_searchlight/{dataset}_{model}_sub-{subject}.log",
    benchmark:
        "logs/benchmarks/plot_searchlight/{dataset}_{model}_sub-{subject}.tsv"
    wildcard_constraints:
        model=one_of(PLAN.searchlights),
    conda:
        "../../envs/fmri.yaml"
    params:
        title=model_title,
        code=code("plot_searchlight"),
    script:
        "../scripts/plot_searchlight.py"


rule score_maps:
    """Score a model of every voxel over subjects: value, interval, chance, ceiling, p."""
    input:
        summaries=lambda wildcards: model_files(wildcards.model, "summary.json"),
    output:
        scores=f"{MAPS}/scores.csv",
    log:
        "logs/score_maps/{dataset}_{model}.log",
    benchmark:
        "logs/benchmarks/score_maps/{dataset}_{model}.tsv"
    wildcard_constraints:
        model=one_of(PLAN.voxel_models),
    conda:
        "../../envs/fmri.yaml"
    params:
        options=lambda wildcards: PLAN.voxel_models[wildcards.model].model_dump(include={"bootstrap", "seed"}),
        protocol=lambda wildcards: "held_out_stimuli" if wildcards.model in PLAN.encodings else "leave_one_run_out",
        study=STUDY.study,
        code=code("score_maps"),
    script:
        "../scripts/score_maps.py"


rule track_map:
    """Show a model of every voxel of a subject in Weights & Biases."""
    input:
        manifest=f"{MAPS}/sub-{{subject}}/manifest.json",
        summary=f"{MAPS}/sub-{{subject}}/summary.json",
        figure=map_figure,
    output:
        outcome=f"{MAPS}/sub-{{subject}}/wandb.json",
    log:
        "logs/track_map/{dataset}_{model}_sub-{subject}.log",
    benchmark:
        "logs/benchmarks/track_map/{dataset}_{model}_sub-{subject}.tsv"
    wildcard_constraints:
        model=one_of(PLAN.voxel_models),
    conda:
        "../../envs/report.yaml"
    params:
        tracking=STUDY.tracking.model_dump(),
        code=code("track_map"),
    script:
        "../scripts/track_map.py"
