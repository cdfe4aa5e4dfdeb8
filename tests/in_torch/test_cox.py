"""The partial likelihood is that of the textbooks and of three other programs."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch

from companion.in_torch import CoxNetwork, VisitNetwork, cox_loss, fit_cox, predict_risk


@pytest.fixture(params=[0, 1, 2])
def study(request):
    """Covariates, tied times and censoring, and some coefficients."""
    rng = np.random.default_rng(request.param)
    x = rng.normal(size=(60, 3))
    time = rng.integers(1, 12, 60).astype(float)  # about five patients a time
    event = rng.random(60) < 0.6
    return x, time, event, rng.normal(size=3)


def ours(x, time, event, beta, ties):
    """Return value and gradient of the loss at some coefficients."""
    beta = torch.tensor(beta, requires_grad=True)
    loss = cox_loss(torch.tensor(x) @ beta, torch.tensor(time), torch.tensor(event), ties=ties)
    loss.backward()
    return loss.item(), beta.grad.numpy()


@pytest.mark.parametrize("ties", ["breslow", "efron"])
def test_equals_statsmodels_in_value_and_gradient(study, ties):
    from statsmodels.duration.hazard_regression import PHReg

    x, time, event, beta = study
    other = PHReg(time, x, status=event, ties=ties)
    value, gradient = ours(x, time, event, beta, ties)
    np.testing.assert_allclose(value, -other.loglike(beta), rtol=1e-9)
    np.testing.assert_allclose(gradient, -other.score(beta), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("ties", ["breslow", "efron"])
def test_equals_scikit_survival_in_value_and_gradient(study, ties):
    coxph = pytest.importorskip("sksurv.linear_model.coxph")

    x, time, event, beta = study
    order = np.argsort(-time, kind="stable")
    other = coxph.CoxPHOptimizer(x[order], event[order], time[order], np.zeros(3), ties)
    other.update(beta)
    value, gradient = ours(x, time, event, beta, ties)
    np.testing.assert_allclose(value, other.nlog_likelihood(beta) * len(x), rtol=1e-9)
    np.testing.assert_allclose(gradient, other.gradient * len(x), rtol=1e-9, atol=1e-9)


def test_equals_lifelines_in_value_and_gradient(study):
    import pandas as pd
    from lifelines.fitters.coxph_fitter import SemiParametricPHFitter

    x, time, event, beta = study
    order = np.lexsort((event, time))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _, gradient, value = SemiParametricPHFitter()._get_efron_values_single(
            pd.DataFrame(x[order]), pd.Series(time[order]), pd.Series(event[order]),
            pd.Series(np.ones(len(x))), None, beta,
        )  # fmt: skip
    found, slope = ours(x, time, event, beta, "efron")
    np.testing.assert_allclose(found, -value, rtol=1e-9)
    np.testing.assert_allclose(slope, -gradient, rtol=1e-9, atol=1e-9)


def test_equals_lifelines_at_its_optimum(study):
    import pandas as pd
    from lifelines import CoxPHFitter

    x, time, event, _ = study
    frame = pd.DataFrame(x).assign(time=time, event=event)
    fitted = CoxPHFitter().fit(frame, "time", "event", fit_options={"precision": 1e-12})
    value, gradient = ours(x, time, event, fitted.params_.to_numpy(), "efron")
    np.testing.assert_allclose(value, -fitted.log_likelihood_, rtol=1e-9)
    np.testing.assert_allclose(gradient, 0, atol=1e-5)


def test_five_patients_by_hand():
    risk = torch.log(torch.tensor([4.0, 2.0, 1.0, 2.0, 1.0], dtype=torch.float64))
    time, event = torch.tensor([2, 5, 5, 7, 9]), torch.tensor([1, 1, 1, 0, 1])
    breslow = 4 / 10 * (2 / 6) * (1 / 6) * (1 / 1)
    efron = 4 / 10 * (2 / 6) * (1 / (6 - 3 / 2)) * (1 / 1)
    for ties, right in (("breslow", breslow), ("efron", efron)):
        found = cox_loss(risk, time, event, ties=ties)
        assert float(torch.exp(-found)) == pytest.approx(right, rel=1e-12)


def test_only_the_order_of_times_and_the_differences_of_risks_count(study):
    x, time, event, beta = study
    risk = torch.tensor(x @ beta)
    time, event = torch.tensor(time), torch.tensor(event)
    loss = cox_loss(risk, time, event)
    order = torch.randperm(len(risk), generator=torch.Generator().manual_seed(1))
    for other in (
        cox_loss(risk + 1e4, time, event),
        cox_loss(risk, torch.exp(time), event),
        cox_loss(risk[order], time[order], event[order]),
        cox_loss(risk, time, event.to(torch.uint8)),
    ):
        torch.testing.assert_close(other, loss, rtol=1e-11, atol=0)


def test_risks_far_apart_neither_overflow_nor_vanish():
    risk = torch.tensor([2000.0, 0.0, -2000.0], requires_grad=True)
    loss = cox_loss(risk, torch.tensor([1, 2, 3]), torch.ones(3))
    loss.backward()
    assert (loss.item(), risk.grad.tolist()) == (0, [0, 0, 0])
    assert cox_loss(risk.flip(0), torch.tensor([1, 2, 3]), torch.ones(3)).item() == 6000


def test_the_gradient_is_that_of_finite_differences(study):
    x, time, event, beta = study
    risk = torch.tensor(x @ beta, requires_grad=True)
    for ties in ("breslow", "efron"):
        assert torch.autograd.gradcheck(
            lambda r, ties=ties: cox_loss(r, torch.tensor(time), torch.tensor(event), ties=ties),
            risk,
        )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ties": "exact"}, "ties must be .* got 'exact'"),
        ({"event": torch.zeros(3)}, "all 3 patients are censored"),
        ({"event": torch.tensor([1, 2, 0])}, "event must be 0 or 1, got"),
        ({"event": torch.ones(2)}, r"event must be \(3,\), got shape \(2,\)"),
        ({"time": torch.tensor([1.0, np.nan, 2.0])}, "time must be finite"),
        ({"risk": torch.zeros(3, 1)}, r"risk must be floats \(N,\)"),
        ({"risk": torch.zeros(3, dtype=torch.int64)}, "risk must be floats"),
    ],
)
def test_bad_input_is_named(change, message):
    given = {"risk": torch.zeros(3), "time": torch.arange(3), "event": torch.ones(3)} | change
    with pytest.raises(ValueError, match=message):
        cox_loss(given.pop("risk"), given.pop("time"), given.pop("event"), **given)


def test_a_linear_network_finds_the_coefficients_of_lifelines(rng):
    import pandas as pd
    from lifelines import CoxPHFitter

    x = rng.normal(size=(200, 2))
    time = rng.exponential(np.exp(-x @ [0.8, -0.4]))
    event = rng.random(200) < 0.7
    fitted = CoxPHFitter().fit(pd.DataFrame(x).assign(t=time, e=event), "t", "e")
    torch.manual_seed(0)
    model = CoxNetwork(2, hidden=0)
    losses = fit_cox(
        model, (torch.tensor(x, dtype=torch.float32),), torch.tensor(time), torch.tensor(event),
        epochs=400, weight_decay=0,
    )  # fmt: skip
    assert losses[-1] < losses[0]
    found = model.layers.weight.detach().numpy()[0]
    np.testing.assert_allclose(found, fitted.params_, atol=1e-3)


def test_inputs_that_are_not_finite_or_too_few_are_refused():
    time, event = torch.arange(3), torch.ones(3)
    with pytest.raises(ValueError, match=r"inputs\[0\] must be finite.* 1 values"):
        fit_cox(CoxNetwork(1), (torch.tensor([[1.0], [np.inf], [0.0]]),), time, event)
    with pytest.raises(ValueError, match=r"shape \(2, 1\) for 3 patients"):
        fit_cox(CoxNetwork(1), (torch.zeros(2, 1),), time, event)


def test_a_divergence_is_named():
    x = torch.tensor([[100.0], [200.0], [300.0]])
    with pytest.raises(ValueError, match="the loss is .* in epoch"):
        fit_cox(CoxNetwork(1, 0), (x,), torch.arange(3), torch.ones(3), learning_rate=1e37)


def test_a_network_of_visits_reads_their_order_and_leaves_its_mode():
    torch.manual_seed(0)
    model = VisitNetwork(1, covariates=1)
    visits, fixed = torch.randn(4, 3, 1), torch.zeros(4, 1)
    before = predict_risk(model, (visits, fixed))
    assert model.training
    assert np.abs(before - predict_risk(model, (visits.flip(1), fixed))).max() > 1e-3
    assert np.abs(before - predict_risk(model, (visits, fixed + 1))).max() > 1e-3
    assert predict_risk(VisitNetwork(1), (visits,)).shape == (4,)
