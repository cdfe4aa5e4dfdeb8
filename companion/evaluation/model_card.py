"""A model card: what a model is, for whom, how it was measured, and where it must not be used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from companion.evaluation.report import ALIASES, METRICS, Report


def model_card(
    name: str,
    *,
    details: str,
    intended_use: str,
    out_of_scope: Sequence[str],
    training_data: str,
    evaluation_data: str,
    reports: Mapping[str, Report],
    metrics: Sequence[str] = ("auroc", "recall", "specificity", "brier", "ece"),
    caveats: Sequence[str],
) -> str:
    """Write a model card in Markdown, its scores taken from reports.

    Parameters
    ----------
    name : str
        Of the model.
    details, intended_use : str
        A sentence or more each.
    out_of_scope : sequence of str
        What it is not for, at least one line.
    training_data, evaluation_data : str
        A sentence or more each.
    reports : mapping of str to companion.evaluation.report.Report
        By what was evaluated, for example "test" and "test, boys only"; at least one.
    metrics : sequence of str
        Which scores.
    caveats : sequence of str
        At least one line.

    Returns
    -------
    str
        Markdown with one table.

    Raises
    ------
    ValueError
        If a part is empty: a card with a gap looks complete and is not. If a score is unknown,
        or the reports differ in threshold or confidence, of which the card names one.

    References
    ----------
    Mitchell et al., FAT* 2019, arXiv:1810.03993.

    Examples
    --------
    >>> import numpy as np
    >>> from companion.evaluation.report import evaluate
    >>> report = evaluate(np.array([0, 1]), np.array([0.2, 0.9]), rng=np.random.default_rng(0))
    >>> card = model_card("Mine", details="A net.", intended_use="Teaching.", caveats=["Small."],
    ...     out_of_scope=["Patients."], training_data="Two films.", evaluation_data="The same.",
    ...     reports={"test": report})
    >>> card.splitlines()[0]
    '**Model card: Mine**'
    """
    parts = {
        "name": name, "details": details, "intended_use": intended_use,
        "out_of_scope": out_of_scope, "training_data": training_data,
        "evaluation_data": evaluation_data, "reports": reports, "caveats": caveats,
    }  # fmt: skip
    empty = [part for part, content in parts.items() if not content]
    if empty:
        raise ValueError(f"{', '.join(empty)} must not be empty")
    unknown = [metric for metric in metrics if ALIASES.get(metric, metric) not in METRICS]
    if unknown:
        raise ValueError(f"metrics must be of {', '.join(METRICS)}, got {unknown}")
    settings = {(report.threshold, report.confidence) for report in reports.values()}
    if len(settings) > 1:
        raise ValueError(f"reports must share threshold and confidence, got {sorted(settings)}")
    head = " | ".join(metric.replace("_", " ") for metric in metrics)
    rows = [
        f"| {what} | " + " | ".join(str(report[metric]) for metric in metrics) + " |"
        for what, report in reports.items()
    ]
    first = next(iter(reports.values()))
    return "\n".join(
        [
            f"**Model card: {name}**",
            "",
            f"- **Details.** {details}",
            f"- **Intended use.** {intended_use}",
            *(f"- **Not for:** {line}" for line in out_of_scope),
            f"- **Training data.** {training_data}",
            f"- **Evaluation data.** {evaluation_data}",
            f"- **Threshold** {first.threshold:g}; brackets are {first.confidence:.0%} intervals.",
            *(f"- **Caveat.** {line}" for line in caveats),
            "",
            f"| | {head} |",
            "|---" * (len(metrics) + 1) + "|",
            *rows,
        ]
    )
