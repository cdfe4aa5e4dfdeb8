"""The checkers accept the chapters' solutions and reject wrong answers."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from companion.pages import (
    c3_1_cnn,
    c3_2_rnn,
    c4_math,
    c5_1_pneumonia,
    c9_1_how_much_data,
    c9_2_metrics,
    c9_3_interpretability,
)
from companion.pages.check import WrongAnswer

MODULES = (
    c3_1_cnn,
    c3_2_rnn,
    c4_math,
    c5_1_pneumonia,
    c9_1_how_much_data,
    c9_2_metrics,
    c9_3_interpretability,
)

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


def checker(name):
    """Return the function that checks an exercise, from whichever module has it."""
    return next(
        getattr(module, f"check_{name}") for module in MODULES if hasattr(module, f"check_{name}")
    )


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


def student_reach(scores, ddof=1, quantile=None):
    """Return the mean, and half an interval of it."""
    from scipy.stats import t

    quantile = t.ppf(0.975, len(scores) - 1) if quantile is None else quantile
    return scores.mean(), quantile * scores.std(ddof=ddof) / np.sqrt(len(scores))


WRONG = {
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
        lambda patients, share, rng: np.flatnonzero(split_by_patient(patients, share, rng)),
        lambda patients, share, rng: split_by_patient(patients, 0.5, rng),
    ],
    "worst_to_expect": [
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
    "mean_and_reach": [
        lambda scores: student_reach(scores, ddof=0),
        lambda scores: student_reach(scores, quantile=1.96),
        lambda scores: (scores.mean(), scores.std(ddof=1)),
        lambda scores: (np.median(scores), student_reach(scores)[1]),
        lambda scores: student_reach(scores)[::-1],
    ],
    "weigh_maps": [
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
    "pads_for_same": [
        lambda size, kernel, stride: ((kernel - 1) // 2, kernel - 1 - (kernel - 1) // 2),
        lambda size, kernel, stride: (kernel // 2, (kernel - 1) // 2),
        lambda size, kernel, stride: (
            0,
            max((-(-size // stride) - 1) * stride + kernel - size, 0),
        ),
        lambda size, kernel, stride: (
            (-(-size // stride) - 1) * stride + kernel - size,
            0,
        ),
        lambda size, kernel, stride: (
            ((size // stride - 1) * stride + kernel - size) // 2,
            ((size // stride - 1) * stride + kernel - size + 1) // 2,
        ),
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
}


def test_every_solution_has_a_checker_and_planted_mistakes():
    assert set(solutions()) == set(WRONG)
    for name, wrong in WRONG.items():
        assert checker(name)
        assert len(wrong) >= 3


@pytest.mark.parametrize("name", WRONG)
def test_the_chapters_solution_passes(name, capsys):
    scope = {"np": np}
    exec(solutions()[name], scope)
    checker(name)(scope[name])
    assert capsys.readouterr().out.startswith("Right")


@pytest.mark.parametrize(
    ("name", "number"), [(n, i) for n, w in WRONG.items() for i in range(len(w))]
)
def test_wrong_answers_are_rejected_with_a_case(name, number):
    with pytest.raises(WrongAnswer, match=r": got .*, expected "):
        checker(name)(WRONG[name][number])
