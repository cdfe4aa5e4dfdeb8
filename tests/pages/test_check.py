"""The checkers accept the chapters' solutions and reject wrong answers."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import numpy as np
import pytest

from companion.pages.check import WrongAnswer, check, exercises

BOOK = Path(__file__).resolve().parents[2] / "book"


def solutions():
    """Every solution of every chapter: the name of the function, and its code."""
    found = {}
    for page in BOOK.glob("*.md"):
        blocks = re.findall(r"\{solution-start\}.*?\{solution-end\}", page.read_text("utf8"), re.S)
        for block in blocks:
            code = re.search(r"\{code-cell\} ipython3\n(.*?)```", block, re.S)[1]
            found[re.search(r"def (\w+)", code)[1]] = code
    return found


def map_value(image, kernel, i, j):
    """Return one value of a map, where the kernel fits."""
    rows, columns = kernel.shape
    window = image[i : i + rows, j : j + columns]
    return (kernel * window).sum() if window.shape == kernel.shape else np.nan


def lstm_outputs(i, f, g, o, c):
    """Return hidden state and cell."""
    cell = f * c + i * g
    return o * np.tanh(cell), cell


def strided(image, kernel, stride):
    """Return a map with a stride."""
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return (windows * kernel).sum(axis=(2, 3))[::stride, ::stride]


def sliding(image, grad):
    """Every window of an image of the size of a gradient, weighted and summed."""
    windows = np.lib.stride_tricks.sliding_window_view(image, grad.shape)
    return (windows * grad).sum(axis=(2, 3))


def split_by_patient(patients, share, rng):
    """Return True for the films of a share of the patients."""
    names = rng.permutation(np.unique(patients))
    return np.isin(patients, names[: round(share * len(names))])


def weighed(maps, weights):
    """Return maps summed with weights, without what is negative."""
    return np.maximum((weights[:, None, None] * maps).sum(axis=0), 0)


def sigmoid(z):
    """Return the probability that belongs to a logit."""
    return 1 / (1 + np.exp(-z))


def student_half_width(scores, ddof=1, quantile=None):
    """Return the mean, and half the width of its interval."""
    from scipy.stats import t

    quantile = t.ppf(0.975, len(scores) - 1) if quantile is None else quantile
    return scores.mean(), quantile * scores.std(ddof=ddof) / np.sqrt(len(scores))


def staircase(times, events, t, together=True):
    """Kaplan and Meier's estimate; without `together` a moment counts as one event."""
    share = 1.0
    for moment in np.unique(times[(events == 1) & (times <= t)]):
        happened = ((times == moment) & (events == 1)).sum() if together else 1
        share *= 1 - happened / (times >= moment).sum()
    return share


def ordered(times, events, risks):
    """How many pairs are in the right order, and how many can be compared."""
    comparable = (times[:, None] < times) & (events[:, None] == 1)
    return (comparable & (risks[:, None] > risks)).sum(), comparable.sum()


WRONG = {
    "gradient_step": [
        lambda x, label, w, rate: (
            np.array(w) + rate * (sigmoid(np.dot(x, w)) - label) * np.array(x)
        ),
        lambda x, label, w, rate: np.array(w) - (sigmoid(np.dot(x, w)) - label) * np.array(x),
        lambda x, label, w, rate: np.array(w) - rate * (sigmoid(np.dot(x, w)) - label),
        lambda x, label, w, rate: np.array(w) - rate * (np.dot(x, w) - label) * np.array(x),
    ],
    "to_grey": [
        lambda value, center, width: (value - center + width / 2) / (width - 1),
        lambda value, center, width: float(np.clip((value - center + width / 2) / width, 0, 1)),
        lambda value, center, width: float(value > center),
        lambda value, center, width: (
            1 - float(np.clip((value - center + width / 2) / (width - 1), 0, 1))
        ),
    ],
    "slice_distances": [
        np.diff,
        lambda positions: np.abs(np.diff(positions)),
        lambda positions: np.diff(np.sort(positions)[::-1]),
        lambda positions: [(max(positions) - min(positions)) / (len(positions) - 1)],
    ],
    "worth_of_an_alarm": [
        lambda recall, specificity, prevalence: recall,
        lambda recall, specificity, prevalence: specificity,
        lambda recall, specificity, prevalence: recall * prevalence,
        lambda recall, specificity, prevalence: recall / (recall + 1 - specificity),
        lambda recall, specificity, prevalence: (
            recall * prevalence / (recall * prevalence + specificity * (1 - prevalence))
        ),
        lambda recall, specificity, prevalence: (
            recall * prevalence / (recall * prevalence + (1 - specificity) * prevalence)
        ),
    ],
    "split_patients": [
        lambda patients, share, rng: rng.random(len(patients)) < share,
        lambda patients, share, rng: ~split_by_patient(patients, share, rng),
        lambda patients, share, rng: patients < 3,
        lambda patients, share, rng: np.isin(patients, rng.choice(patients, 3)),
        lambda patients, share, rng: split_by_patient(patients, share, np.random.default_rng(0)),
        lambda patients, share, rng: split_by_patient(patients, share, np.random.default_rng()),
        lambda patients, share, rng: np.flatnonzero(split_by_patient(patients, share, rng)),
        lambda patients, share, rng: split_by_patient(patients, 0.5, rng),
    ],
    "upper_error_bound": [
        lambda films, confidence: 0.0,
        lambda films, confidence: 3 / films,
        lambda films, confidence: 1 - confidence ** (1 / films),
        lambda films, confidence: (1 - confidence) ** (1 / films),
        lambda films, confidence: 1 - (1 - confidence) ** films,
        lambda films, confidence: 1 - (1 - confidence) / films,
    ],
    "films_needed": [
        lambda floor, scale, exponent, error: (scale / error) ** (1 / exponent),
        lambda floor, scale, exponent, error: (error / scale) ** (1 / exponent),
        lambda floor, scale, exponent, error: (scale / (error - floor)) ** exponent,
        lambda floor, scale, exponent, error: abs(scale / (error - floor)) ** (1 / exponent),
        lambda floor, scale, exponent, error: scale / (error - floor) if error > floor else np.inf,
    ],
    "least_sure": [
        lambda probabilities, count: np.argsort(probabilities)[:count],
        lambda probabilities, count: np.argsort(-probabilities)[:count],
        lambda probabilities, count: np.argsort(-np.abs(probabilities - 0.5))[:count],
        lambda probabilities, count: np.argsort(np.abs(probabilities - 0.5))[-count:],
        lambda probabilities, count: np.argsort(np.abs(probabilities - 0.5)),
        lambda probabilities, count: np.sort(np.abs(probabilities - 0.5))[:count],
    ],
    "mean_and_half_width": [
        lambda scores: student_half_width(scores, ddof=0),
        lambda scores: student_half_width(scores, quantile=1.96),
        lambda scores: (scores.mean(), scores.std(ddof=1)),
        lambda scores: (np.median(scores), student_half_width(scores)[1]),
        lambda scores: student_half_width(scores)[::-1],
    ],
    "grad_cam_by_hand": [
        lambda maps, gradients: maps.sum(axis=0),
        lambda maps, gradients: np.maximum((maps * gradients).sum(axis=0), 0),
        lambda maps, gradients: weighed(maps, gradients.sum(axis=(1, 2))),
        lambda maps, gradients: weighed(maps, np.abs(gradients).mean(axis=(1, 2))),
        lambda maps, gradients: weighed(maps, np.maximum(gradients.mean(axis=(1, 2)), 0)),
        lambda maps, gradients: (gradients.mean(axis=(1, 2), keepdims=True) * maps).sum(axis=0),
    ],
    "share_inside": [
        lambda values, mask: values[mask].sum() / values.sum(),
        lambda values, mask: np.abs(values[mask]).sum() / np.abs(values).sum(),
        lambda values, mask: np.maximum(values, 0)[~mask].sum() / np.maximum(values, 0).sum(),
        lambda values, mask: (values[mask] > 0).sum() / (values > 0).sum(),
        lambda values, mask: np.maximum(values, 0)[mask].mean(),
    ],
    "reliance": [
        lambda predict, images, mark: predict(mark(images)).mean(),
        lambda predict, images, mark: (predict(images) - predict(mark(images))).mean(),
        lambda predict, images, mark: np.abs(predict(mark(images)) - predict(images)).mean(),
        lambda predict, images, mark: predict(mark(images)) - predict(images),
        lambda predict, images, mark: (predict(mark(mark(images))) - predict(mark(images))).mean(),
    ],
    "transmitted": [
        lambda layers: np.exp(sum(mu * d for mu, d in layers)),
        lambda layers: 1 - sum(mu * d for mu, d in layers),
        lambda layers: np.exp(-sum(mu for mu, _ in layers) * sum(d for _, d in layers)),
        lambda layers: sum(np.exp(-mu * d) for mu, d in layers) / max(len(layers), 1),
        lambda layers: 10 ** -sum(mu * d for mu, d in layers),
        lambda layers: 1 - np.exp(-sum(mu * d for mu, d in layers)),
    ],
    "photons_needed": [
        lambda contrast, ratio: ratio / contrast,
        lambda contrast, ratio: ratio / contrast**2,
        lambda contrast, ratio: (ratio * contrast) ** 2,
        lambda contrast, ratio: ratio**2 / contrast,
        lambda contrast, ratio: (contrast / ratio) ** 2,
    ],
    "lstm_outputs": [
        lambda i, f, g, o, c: lstm_outputs(f, i, g, o, c),
        lambda i, f, g, o, c: lstm_outputs(i, f, o, g, c),
        lambda i, f, g, o, c: lstm_outputs(o, f, g, i, c),
        lambda i, f, g, o, c: (o * (f * c + i * g), f * c + i * g),
        lambda i, f, g, o, c: (o * np.tanh(c), f * c + i * g),
        lambda i, f, g, o, c: lstm_outputs(i, f, g, o, c)[::-1],
        lambda i, f, g, o, c: (o * np.tanh(f * c - i * g), f * c - i * g),
    ],
    "count_recurrent": [
        lambda blocks, features, units, biases: blocks * units * (features + units),
        lambda blocks, features, units, biases: blocks * units * (features + units) + biases,
        lambda blocks, features, units, biases: blocks * units * (features + units + 1),
        lambda blocks, features, units, biases: blocks * units * (2 * features + biases),
        lambda blocks, features, units, biases: units * (features + units + biases),
    ],
    "last_real": [
        lambda outputs, lengths: outputs[:, -1],
        lambda outputs, lengths: outputs[np.arange(len(outputs)), lengths - 2],
        lambda outputs, lengths: outputs[np.arange(len(outputs)), lengths % 3],
        lambda outputs, lengths: outputs.max(axis=1),
        lambda outputs, lengths: outputs[np.arange(len(outputs)), lengths[::-1] - 1],
        lambda outputs, lengths: outputs.sum(axis=1),
    ],
    "strided_map": [
        lambda image, kernel, stride: strided(image, kernel[::-1, ::-1], stride),
        lambda image, kernel, stride: strided(image, kernel[::-1], stride),
        lambda image, kernel, stride: strided(image, kernel, stride).T,
        lambda image, kernel, stride: strided(image, kernel, 1),
        lambda image, kernel, stride: strided(image, kernel, 1)[1::stride, 1::stride],
        lambda image, kernel, stride: strided(image, np.ones_like(kernel), stride),
        lambda image, kernel, stride: strided(image, kernel, stride)[:, :-1],
    ],
    "count_parameters": [
        lambda channels, maps, rows, columns: channels * rows * columns * maps,
        lambda channels, maps, rows, columns: channels * rows * columns * maps + 1,
        lambda channels, maps, rows, columns: (rows * columns + 1) * maps,
        lambda channels, maps, rows, columns: (channels * rows * rows + 1) * maps,
        lambda channels, maps, rows, columns: (rows * columns + 1) * maps * channels,
    ],
    "receptive_field": [
        lambda kernels, strides: sum(kernels),
        lambda kernels, strides: 1 + sum(k - 1 for k in kernels),
        lambda kernels, strides: int(np.prod(kernels)),
        lambda kernels, strides: (
            1 + sum((k - 1) * int(np.prod(strides[: i + 1])) for i, k in enumerate(kernels))
        ),
        lambda kernels, strides: sum(
            (k - 1) * int(np.prod(strides[:i])) for i, k in enumerate(kernels)
        ),
    ],
    "map_value": [
        lambda image, kernel, i, j: map_value(image, kernel[::-1, ::-1], i, j),
        lambda image, kernel, i, j: map_value(image, kernel[:, ::-1], i, j),
        lambda image, kernel, i, j: map_value(image, kernel, j, i),
        lambda image, kernel, i, j: map_value(image, kernel, i - 1 if i else i, j),
        lambda image, kernel, i, j: map_value(image.T, kernel, i, j),
        lambda image, kernel, i, j: (kernel * image[i : i + 2, j : j + 3]).max(),
        lambda image, kernel, i, j: None,
    ],
    "pooled_value": [
        lambda image, size, stride, i, j: image[i * size :, j * size :][:size, :size].max(),
        lambda image, size, stride, i, j: image[i * stride :, j * stride :][:stride, :stride].max(),
        lambda image, size, stride, i, j: image[i + 1 :, j + 1 :][:size, :size].max(),
        lambda image, size, stride, i, j: image[j * stride :, i * stride :][:size, :size].max(),
        lambda image, size, stride, i, j: image[i * stride :, j * stride :][:size, :size].mean(),
        lambda image, size, stride, i, j: image[i * stride + size - 1, j * stride + size - 1],
    ],
    "kernel_gradient": [
        lambda image, grad: sliding(image, grad[::-1, ::-1]),
        lambda image, grad: sliding(image, grad).T,
        lambda image, grad: sliding(image, np.ones_like(grad)),
        lambda image, grad: sliding(image[1:, 1:], grad),
        lambda image, grad: sliding(image, grad) / grad.size,
        lambda image, grad: sliding(image, grad)[::-1, ::-1],
    ],
    "weight_gradient": [
        lambda x, w, b, target: sigmoid(w * x + b) - target,
        lambda x, w, b, target: (sigmoid(w * x + b) - target) * w,
        lambda x, w, b, target: (target - sigmoid(w * x + b)) * x,
        lambda x, w, b, target: (sigmoid(w * x) - target) * x,
        lambda x, w, b, target: (w * x + b - target) * x,
        lambda x, w, b, target: sigmoid(w * x + b) * (1 - sigmoid(w * x + b)) * x,
        lambda x, w, b, target: -x / sigmoid(w * x + b),
    ],
    "shared_images": [
        lambda a, b: len(b),
        lambda a, b: sum((a[i] == b[i]).all() for i in range(min(len(a), len(b)))),
        lambda a, b: len({x.tobytes() for x in a} & {y.tobytes() for y in b}),
        lambda a, b: sum(x.mean() in {y.mean() for y in b} for x in a),
        lambda a, b: sum(any(set(x.flat) == set(y.flat) for y in b) for x in a),
    ],
    "accuracy_at": [
        lambda prevalence, recall, specificity: (recall + specificity) / 2,
        lambda prevalence, recall, specificity: (
            prevalence * specificity + (1 - prevalence) * recall
        ),
        lambda prevalence, recall, specificity: prevalence * recall,
        lambda prevalence, recall, specificity: (1 - prevalence) * specificity + recall,
    ],
    "threshold_for_recall": [
        lambda labels, scores, recall: np.quantile(scores, 1 - recall),
        lambda labels, scores, recall: np.sort(scores)[::-1][
            int(np.ceil(recall * len(scores))) - 1
        ],
        lambda labels, scores, recall: np.sort(scores[labels == 1])[
            int(np.ceil(recall * sum(labels))) - 1
        ],
        lambda labels, scores, recall: np.sort(scores[labels == 1])[::-1][
            max(int(recall * sum(labels)) - 1, 0)
        ],
        lambda labels, scores, recall: None,
    ],
    "coverage_and_risk": [
        lambda sure, wrong, least: ((sure > least).mean(), wrong[sure > least].mean()),
        lambda sure, wrong, least: ((sure >= least).mean(), wrong[sure >= least].sum() / len(sure)),
        lambda sure, wrong, least: ((sure >= least).mean(), wrong.mean()),
        lambda sure, wrong, least: (wrong[sure >= least].mean(), (sure >= least).mean()),
        lambda sure, wrong, least: ((sure >= least).sum(), wrong[sure >= least].mean()),
    ],
    "dice": [
        lambda mask, reference: (mask & reference).sum() / (mask | reference).sum(),
        lambda mask, reference: (mask & reference).sum() / reference.sum(),
        lambda mask, reference: (mask & reference).sum() / (mask.sum() + reference.sum()),
        lambda mask, reference: (mask == reference).mean(),
    ],
    "conformity": [
        lambda dose, target, at: (dose[target] >= at).mean(),
        lambda dose, target, at: target[dose >= at].mean(),
        lambda dose, target, at: (dose >= at).sum() / target.sum(),
        lambda dose, target, at: (
            (dose[target] > at).mean() * target[dose > at].sum() / max((dose > at).sum(), 1)
        ),
    ],
    "volume_ml": [
        lambda mask, spacing_mm: mask.sum() / 1000,
        lambda mask, spacing_mm: mask.sum() * np.prod(spacing_mm),
        lambda mask, spacing_mm: mask.size * np.prod(spacing_mm) / 1000,
        lambda mask, spacing_mm: mask.sum() * np.sum(spacing_mm) / 1000,
    ],
    "beats_per_minute": [
        lambda frames, ms: 60 / (frames * ms),
        lambda frames, ms: frames * ms / 1000,
        lambda frames, ms: 1000 / (frames * ms),
        lambda frames, ms: 60_000 / frames / (1000 / ms),
    ],
    "federated_mean": [
        lambda weights, films: weights.mean(axis=0),
        lambda weights, films: films @ weights,
        lambda weights, films: (films / films.sum() * weights.T).T,
        lambda weights, films: films[::-1] / films.sum() @ weights,
    ],
    "price_per_error": [
        lambda price, precision: price * precision,
        lambda price, precision: price / (1 - precision) if precision < 1 else price,
        lambda price, precision: 1 / precision,
    ],
    "add_one_sign": [
        lambda p, ill, healthy: p * ill / healthy,
        lambda p, ill, healthy: p * ill / (p * ill + healthy),
        lambda p, ill, healthy: p / (1 - p) * ill / healthy,
        lambda p, ill, healthy: p * healthy / (p * healthy + (1 - p) * ill),
    ],
    "conformal_threshold": [
        lambda scores, alpha: np.quantile(scores, 1 - alpha),
        lambda scores, alpha: np.sort(scores)[int(np.ceil(len(scores) * (1 - alpha))) - 2],
        lambda scores, alpha: scores[int(np.ceil((len(scores) + 1) * (1 - alpha) - 1e-9)) - 1],
        lambda scores, alpha: np.sort(scores)[::-1][int((len(scores) + 1) * (1 - alpha)) - 1],
        lambda scores, alpha: np.sort(scores)[int(len(scores) * (1 - alpha)) - 1],
    ],
    "survival_at": [
        lambda times, events, t: (times > t).mean(),
        lambda times, events, t: 1 - ((events == 1) & (times <= t)).mean(),
        lambda times, events, t: staircase(times, events, t - 1e-6),
        lambda times, events, t: staircase(times[events == 1], events[events == 1], t),
        lambda times, events, t: staircase(times, np.ones_like(events), t),
        lambda times, events, t: staircase(times, events, t, together=False),
        lambda times, events, t: 1 - staircase(times, events, t),
    ],
    "pairs_in_order": [
        lambda times, events, risks: ordered(times, np.ones_like(events), risks),
        lambda times, events, risks: ordered(times, events, -risks),
        lambda times, events, risks: ordered(times, events, risks)[::-1],
        lambda times, events, risks: ordered(-times, events, risks),
        lambda times, events, risks: (ordered(times, events, risks)[0], len(times)),
        lambda times, events, risks: ordered(times[events == 1], events[events == 1],
                                             risks[events == 1]),
    ],
    "known_at_film": [
        lambda values, days: values[days < 0],
        lambda values, days: values[days >= 0],
        lambda values, days: values[~np.isnan(days)],
        lambda values, days: values[np.abs(days) <= 1],
        lambda values, days: days[days <= 0],
        lambda values, days: np.where(days <= 0, values, np.nan),
    ],
    "as_served": [
        lambda image: image / 255 if image.max() > 1 else image,
        lambda image: image / 255,
        lambda image: image,
        lambda image: image / image.max(),
        lambda image: image // 255 if image.dtype == np.uint8 else image,
    ],
    "differing_weights": [
        lambda found, wanted: ", ".join(sorted(set(found) ^ set(wanted))),
        lambda found, wanted: ", ".join(sorted(n for n in found if found[n] != wanted.get(n))),
        lambda found, wanted: ", ".join(sorted(n for n in wanted if found.get(n) == wanted[n])),
        lambda found, wanted: ", ".join(sorted(found | wanted)),
    ],
    "helps": [
        lambda difference: "it helps" if difference[0] > 0 else "it harms",
        lambda difference: "it helps" if difference[1] > 0 else "not shown",
        lambda difference: "not shown",
        lambda difference: "it harms" if difference[1] > 0 else "it helps",
    ],
    "softened_loss": [
        lambda p, labels, smoothing: -np.mean(labels * np.log(p) + (1 - labels) * np.log(1 - p)),
        lambda p, labels, smoothing: -np.mean(
            ((1 - smoothing) * labels + smoothing / 2) * np.log(p)),
        lambda p, labels, smoothing: -np.mean(
            (1 - smoothing) * labels * np.log(p) + (1 - (1 - smoothing) * labels) * np.log(1 - p)),
        lambda p, labels, smoothing: -np.sum(
            ((1 - smoothing) * labels + smoothing / 2) * np.log(p)
            + (1 - (1 - smoothing) * labels - smoothing / 2) * np.log(1 - p)),
    ],
    "choose_recipe": [
        lambda found: max(found, key=lambda name: found[name]["as they are"]),
        lambda found: max(found, key=lambda name: np.mean(list(found[name].values()))),
        lambda found: max(found, key=lambda name: max(
            v for k, v in found[name].items() if k != "as they are")),
        lambda found: next(iter(found)),
    ],
    "mean_gradient": [
        lambda parts, counts: parts.mean(axis=0),
        lambda parts, counts: counts @ parts,
        lambda parts, counts: counts @ parts / len(counts),
        lambda parts, counts: np.mean(counts / counts.sum() @ parts),
        lambda parts, counts: parts.sum(axis=0),
    ],
    "talk_seconds": [
        lambda weights, bits, workers, bandwidth, latency: (
            (workers - 1) / workers * weights * bits / bandwidth + (workers - 1) * latency),
        lambda weights, bits, workers, bandwidth, latency: (
            2 * (workers - 1) * weights * bits / bandwidth + 2 * (workers - 1) * latency),
        lambda weights, bits, workers, bandwidth, latency: (
            2 * (workers - 1) / workers * weights * bits / bandwidth + latency),
        lambda weights, bits, workers, bandwidth, latency: (
            2 * (workers - 1) / workers * weights * bits / 8 / bandwidth
            + 2 * (workers - 1) * latency),
        lambda weights, bits, workers, bandwidth, latency: (
            2 * (workers - 1) / workers * weights * 32 / bandwidth
            + 2 * (workers - 1) * latency),
    ],
}  # fmt: skip


def strided_map(image, kernel, stride):
    """Not lifted from the book: a right answer that is written differently."""
    return strided(image, kernel, stride)


def test_every_solution_has_a_checker_and_planted_mistakes():
    assert {name.removesuffix("_solution") for name in solutions()} == set(WRONG)
    assert set(exercises()) == set(WRONG)
    for name, wrong in WRONG.items():
        assert 2 <= len(exercises()[name]) <= 9
        assert len(wrong) >= 3


def test_the_cases_of_a_page_stand_in_its_backstage():
    for page in BOOK.glob("[0-9]*.md"):
        text = page.read_text("utf8")
        backstage = importlib.import_module(f"companion.pages.c{page.stem}")
        for name in backstage.CASES:
            assert f"Write `{name}(" in text or f"`{name}(" in text, f"{page.stem}: {name}"


@pytest.mark.parametrize("name", WRONG)
def test_the_chapters_solution_passes(name, capsys):
    scope = {"np": np, "check": check}
    code = {key.removesuffix("_solution"): (key, code) for key, code in solutions().items()}
    defined, cell = code[name]
    exec(cell, scope)
    check(scope[defined], name=name)
    assert capsys.readouterr().out.startswith("Right")


@pytest.mark.parametrize(
    ("name", "number"), [(n, i) for n, w in WRONG.items() for i in range(len(w))]
)
def test_wrong_answers_are_rejected_with_a_case(name, number):
    with pytest.raises(WrongAnswer, match=r": got .*, expected "):
        check(WRONG[name][number], name=name)


def test_a_right_answer_is_found_by_the_functions_name_and_counted(capsys):
    check(strided_map)
    assert capsys.readouterr().out == "Right: four cases passed.\n"


def test_the_books_solution_has_a_name_of_its_own(capsys):
    def strided_map_solution(image, kernel, stride):
        return strided(image, kernel, stride)

    check(strided_map_solution)
    assert capsys.readouterr().out == "Right: four cases passed.\n"


def test_a_wrong_answer_shows_what_was_called_what_came_and_what_is_right():
    with pytest.raises(WrongAnswer) as caught:
        check(lambda image, kernel, stride: strided(image, kernel, 1), name="strided_map")
    assert str(caught.value) == (
        "the same at stride 2: got [[30.0, 37.0], [51.0, 58.0]], expected [[30]]\n"
        "Called: strided_map([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]], "
        "[[0.0, 1.0], [2.0, 4.0]], 2)"
    )
    assert caught.value._render_traceback_() == [f"WrongAnswer: {caught.value}"]


def nothing(*arguments):
    pass


def ellipsis(*arguments):
    """With a docstring."""
    ...


def none(*arguments):
    return None


def refused(*arguments):
    raise NotImplementedError


def half_done(image, kernel, stride):
    if stride > 1:
        raise NotImplementedError("later")
    return strided(image, kernel, stride)


@pytest.mark.parametrize("stub", [nothing, ellipsis, none, refused, half_done])
def test_a_function_that_is_not_written_is_told_so_kindly(stub, capsys):
    check(stub, name="strided_map")
    said = capsys.readouterr().out
    assert said.startswith("strided_map: not written yet.")
    assert "Right" not in said


def test_a_forgotten_return_is_a_wrong_answer_with_a_hint():
    def strided_map(image, kernel, stride):
        strided(image, kernel, stride)

    with pytest.raises(WrongAnswer, match="got None, expected .*\n.*\nDid you forget the return"):
        check(strided_map)


def test_an_error_inside_the_function_is_a_wrong_answer_that_shows_it():
    def strided_map(image, kernel, stride):
        return image[kernel.shape]["no such thing"]

    with pytest.raises(WrongAnswer, match="stride 1: got IndexError: .*, expected ") as caught:
        check(strided_map)
    shown = caught.value._render_traceback_()
    assert any("no such thing" in line for line in shown)  # the reader's own line

    def strided_map(image, kernel, stride):
        return refused()  # not its own: what it calls is not written

    with pytest.raises(WrongAnswer, match="got NotImplementedError"):
        check(strided_map)


def test_a_function_may_not_change_what_it_is_given_and_cannot_spoil_later_cases(capsys):
    def strided_map(image, kernel, stride):
        right = strided(image, kernel, stride)
        image *= 0
        return right

    with pytest.raises(WrongAnswer, match=r"must not change .* got \[\[0.0.*expected \[\[1.0"):
        check(strided_map)

    def reliance(predict, images, mark):
        change = (predict(mark(images)) - predict(images)).mean()
        images[:, :, 0, 0] = 1
        return change

    with pytest.raises(WrongAnswer, match="reliance must not change what it is given"):
        check(reliance)

    def split_patients(patients, share, rng):
        chosen = split_by_patient(patients, share, rng)
        patients.sort()
        return chosen

    with pytest.raises(WrongAnswer, match="split_patients must not change"):
        check(split_patients)
    test_a_right_answer_is_found_by_the_functions_name_and_counted(capsys)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("count_parameters", "896"),
        ("count_parameters", np.array([896])),
        ("count_parameters", [896]),
        ("count_parameters", 896 + 0j),
        ("count_parameters", np.nan),
        ("accuracy_at", True),
        ("mean_and_half_width", (1, 1, 0)),
        ("mean_and_half_width", ((1,), (1, 2))),
        ("split_patients", 7),
        ("least_sure", {3, 4}),
        ("films_needed", -np.inf),
    ],
)
def test_answers_of_another_kind_are_wrong(name, answer):
    with pytest.raises(WrongAnswer):
        check(lambda *arguments: answer, name=name)


def test_a_text_is_shown_as_text():
    with pytest.raises(WrongAnswer, match="got '896', expected 896"):
        check(lambda *arguments: "896", name="count_parameters")


def test_an_answer_that_claims_to_equal_everything_is_wrong():
    class Anything:
        def __eq__(self, other):
            return True

        __hash__ = None

    for name in exercises():
        with pytest.raises(WrongAnswer):
            check(lambda *arguments: Anything(), name=name)


def test_an_unknown_name_says_which_there_are():
    def strided_mapp():
        return 1

    with pytest.raises(ValueError, match=r"'strided_mapp'; did you mean strided_map\? There are "):
        check(strided_mapp)
    with pytest.raises(ValueError, match=r"called '<lambda>'\. There are .*reliance"):
        check(lambda: 1)


def test_the_function_itself_is_asked_for():
    with pytest.raises(ValueError, match=r"the function itself, without brackets.*got \[30.0\]"):
        check(np.array([30.0]))


def test_two_exercises_of_one_name_are_an_error(monkeypatch):
    backstage = importlib.import_module("companion.pages.c4_math")
    monkeypatch.setitem(backstage.CASES, "strided_map", [])
    with pytest.raises(ValueError, match="names of their own, got 'strided_map' in c3_1_cnn and"):
        exercises.__wrapped__()
