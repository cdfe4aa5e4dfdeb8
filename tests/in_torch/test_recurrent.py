"""Models that predict what comes next learn what can be learned."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from companion.bridges import numpy_parameters
from companion.by_hand.dense import dense
from companion.by_hand.recurrent import gru, lstm, rnn
from companion.in_torch.recurrent import (
    LAYERS,
    NextFrame,
    NextSample,
    fit_next,
    linear_predictor,
    predict_next,
)

WAVE = np.sin(np.arange(300) / 5)[:, None] + np.array([[0.0, 0.5]])
PARTS = {"train": 200, "val": 250}
LEARNING = {"epochs": 80, "window": 60, "warm_up": 10, "learning_rate": 0.02, **PARTS}


@pytest.mark.parametrize("kind", LAYERS)
def test_a_model_gives_in_numpy_what_it_gives_in_pytorch(rng, kind):
    model = NextSample(kind, 3, 5, seed=2)
    signals = rng.standard_normal((2, 7, 3), dtype=np.float32)
    with torch.inference_mode():
        theirs = model(torch.from_numpy(signals)).numpy()
    run = {"rnn": rnn, "lstm": lstm, "gru": gru}[kind]
    states, _ = run(signals, numpy_parameters(model.layer))
    ours = dense(states.reshape(14, 5), *numpy_parameters(model.head))
    np.testing.assert_allclose(ours.reshape(2, 7, 3), theirs, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("kind", LAYERS)
def test_a_model_learns_a_wave_and_the_best_weights_are_kept(kind):
    model = NextSample(kind, 2, 8)
    history = fit_next(model, WAVE, ahead=3, **LEARNING)
    guess = predict_next(model, WAVE)
    found = float(((guess[200:247] - WAVE[203:250]) ** 2).mean())
    assert found == pytest.approx(min(history.val_error), rel=1e-5)
    assert history.best_epoch == 10 * (1 + int(np.argmin(history.val_error)))
    still = ((WAVE[200:247] - WAVE[203:250]) ** 2).mean()
    assert found < still / 3
    again = NextSample(kind, 2, 8)
    fit_next(again, WAVE, ahead=3, **LEARNING)
    np.testing.assert_array_equal(predict_next(again, WAVE), guess)


def test_a_prediction_depends_on_the_past_only(rng):
    model, series = NextSample("lstm", 2, 4), rng.standard_normal((20, 2))
    changed = series.copy()
    changed[10:] = 9
    np.testing.assert_array_equal(
        predict_next(model, series)[:10], predict_next(model, changed)[:10]
    )


def test_without_memory_a_frame_speaks_for_itself(rng):
    frames = rng.standard_normal((6, 64))
    turned = frames[::-1].copy()
    for memory in (False, True):
        model = NextFrame(8, memory=memory)
        same = np.allclose(
            predict_next(model, frames)[::-1], predict_next(model, turned), atol=1e-5
        )
        assert same is not memory


def test_the_linear_predictor_continues_a_wave_and_sees_no_future():
    guess = linear_predictor(WAVE - WAVE.mean(axis=0), ahead=3, lags=4, train=200, penalty=1e-6)
    wanted = WAVE - WAVE.mean(axis=0)
    np.testing.assert_allclose(guess[200:297], wanted[203:], atol=1e-3)
    changed = wanted.copy()
    changed[250:] = 7
    other = linear_predictor(changed, ahead=3, lags=4, train=200, penalty=1e-6)
    np.testing.assert_array_equal(other[:250], guess[:250])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"train": 0}, "train and val must be 0 < train < val <= 299, got 0 and 250"),
        ({"val": 300}, "got 200 and 300"),
        ({"window": 250}, "window must be above 30 and up to 199, got 250"),
        ({"window": 20}, "window must be above 30"),
    ],
)
def test_parts_that_do_not_fit_are_named(change, message):
    with pytest.raises(ValueError, match=message):
        fit_next(NextSample("rnn", 2, 2), WAVE, **{"ahead": 1, "epochs": 1, **PARTS, **change})
    with pytest.raises(ValueError, match="kind must be one of rnn, lstm, gru, got 'cnn'"):
        NextSample("cnn", 2, 2)
