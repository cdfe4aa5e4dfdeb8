"""Cox's partial likelihood as a loss, and networks that learn a risk from it."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

#: How tied events are counted.
TIES = ("breslow", "efron")


def cox_loss(
    risk: torch.Tensor, time: torch.Tensor, event: torch.Tensor, *, ties: str = "efron"
) -> torch.Tensor:
    """Return the negative logarithm of Cox's partial likelihood.

    At each event, the one to whom it happened is compared with all who were still at risk. Of
    several events at one time, Breslow's way compares each with all at risk; Efron's takes those
    who have had theirs out of the sum, step by step.

    Parameters
    ----------
    risk : torch.Tensor
        (N,), float: the logarithm of each patient's hazard ratio, of any zero.
    time : torch.Tensor
        (N,): when the event or the end of follow-up was, in any unit.
    event : torch.Tensor
        (N,), 1 or True where it was an event; at least one.
    ties : {"efron", "breslow"}
        How events at one time are counted.

    Returns
    -------
    torch.Tensor
        A number: the sum over events, not their mean.

    Raises
    ------
    ValueError
        If shapes differ, a number is not finite, nobody had an event, or `ties` is unknown.

    References
    ----------
    Cox, Journal of the Royal Statistical Society B 34 (1972) 187.
    doi:10.1111/j.2517-6161.1972.tb00899.x
    Efron, Journal of the American Statistical Association 72 (1977) 557.
    doi:10.1080/01621459.1977.10480613

    Examples
    --------
    Three patients of equal risk, events at 1 and 2: the logarithms of 3 and of 2.

    >>> loss = cox_loss(torch.zeros(3), torch.tensor([1, 2, 3]), torch.tensor([1, 1, 0]))
    >>> round(float(loss.exp()), 4)
    6.0
    """
    if ties not in TIES:
        raise ValueError(f'ties must be "efron" or "breslow", got {ties!r}')
    _check(risk, time, event)
    return partial_likelihood(risk, time, event.bool(), efron=ties == "efron")


def partial_likelihood(
    risk: torch.Tensor, time: torch.Tensor, event: torch.Tensor, efron: bool
) -> torch.Tensor:
    """Compute the loss of :func:`cox_loss` without checking anything.

    Parameters
    ----------
    risk, time : torch.Tensor
        (N,).
    event : torch.Tensor
        bool, (N,).
    efron : bool
        Whether ties are counted by Efron's way, else by Breslow's.

    Returns
    -------
    torch.Tensor
        A number.

    Examples
    --------
    >>> two = torch.ones(2)
    >>> round(float(partial_likelihood(0 * two, two, two.bool(), efron=True).exp()), 4)
    2.0
    """
    _, group, size = torch.unique(time, return_inverse=True, return_counts=True)  # G times
    last_first = torch.argsort(time, descending=True)
    sums = torch.logcumsumexp(risk[last_first], dim=0)
    at_risk = sums[size.flip(0).cumsum(0).flip(0) - 1]  # (G,), who is followed at least so long
    happened = group[event].sort().values  # (D,), the times of the events
    loss = at_risk[happened].sum() - risk[event].sum()
    if efron:
        share = torch.exp(risk[event] - at_risk[group[event]])
        tied = torch.zeros_like(at_risk).index_add(0, group[event], share)
        deaths = torch.bincount(happened, minlength=len(size))
        step = torch.arange(len(happened)) - (deaths.cumsum(0) - deaths)[happened]  # 0, 1, ...
        loss = loss + torch.log1p(-tied[happened] * step / deaths[happened]).sum()
    return loss


class CoxNetwork(nn.Module):
    """A small network from covariates to the logarithm of a hazard ratio.

    Parameters
    ----------
    covariates : int
        How many.
    hidden : int
        Units of the hidden layer; 0 for none: then it is Cox's own linear model.

    Examples
    --------
    >>> CoxNetwork(3)(torch.zeros(2, 3)).shape
    torch.Size([2])
    """

    def __init__(self, covariates: int, hidden: int = 8):
        super().__init__()
        if hidden:
            self.layers = nn.Sequential(
                nn.Linear(covariates, hidden), nn.Tanh(), nn.Linear(hidden, 1, bias=False)
            )
        else:
            self.layers = nn.Linear(covariates, 1, bias=False)

    def forward(self, covariates: torch.Tensor) -> torch.Tensor:
        """Return risks (N,) of covariates (N, D)."""
        return self.layers(covariates).squeeze(1)  # (N,)


class VisitNetwork(nn.Module):
    """A recurrent network that reads visits one by one and gives a risk after the last.

    Parameters
    ----------
    features : int
        What is measured at each visit.
    covariates : int
        What does not change, 0 for nothing: it is added to the state after the last visit.
    hidden : int
        Units of the recurrent layer.

    Examples
    --------
    >>> VisitNetwork(2, covariates=3)(torch.zeros(5, 4, 2), torch.zeros(5, 3)).shape
    torch.Size([5])
    """

    def __init__(self, features: int, covariates: int = 0, hidden: int = 8):
        super().__init__()
        self.recurrent = nn.GRU(features, hidden, batch_first=True)
        self.last = nn.Linear(hidden + covariates, 1, bias=False)

    def forward(self, visits: torch.Tensor, covariates: torch.Tensor | None = None) -> torch.Tensor:
        """Return risks (N,) of visits (N, T, D) and covariates (N, C)."""
        _, state = self.recurrent(visits)  # (1, N, H)
        known = [state[0]] if covariates is None else [state[0], covariates]
        return self.last(torch.cat(known, dim=1)).squeeze(1)  # (N,)


def fit_cox(
    model: nn.Module,
    inputs: tuple[torch.Tensor, ...],
    time: torch.Tensor,
    event: torch.Tensor,
    *,
    epochs: int = 100,
    learning_rate: float = 0.02,
    weight_decay: float = 1e-2,
) -> list[float]:
    """Train a network on the partial likelihood of all patients at once.

    Patients cannot be fed in small batches without a thought: each event is compared with all
    who are at risk, so that a batch is a smaller study.

    Parameters
    ----------
    model : torch.nn.Module
        From `inputs` to risks (N,); changed in place.
    inputs : tuple of torch.Tensor
        float32, (N, ...) each.
    time, event : torch.Tensor
        (N,), as for :func:`cox_loss`.
    epochs : int
        Steps of Adam, at least 1.
    learning_rate, weight_decay : float
        Of Adam with decoupled decay.

    Returns
    -------
    list of float
        Loss an event of each step, before the step.

    Raises
    ------
    ValueError
        As :func:`cox_loss`; if an input is not finite or of another length; or if the loss
        becomes infinite or NaN, naming the step.

    References
    ----------
    Katzman et al., BMC Medical Research Methodology 18, 24 (2018).
    doi:10.1186/s12874-018-0482-1

    Examples
    --------
    >>> x, time, event = torch.tensor([[2.0], [1.0], [0.0]]), torch.arange(3), torch.ones(3)
    >>> losses = fit_cox(CoxNetwork(1, hidden=0), (x,), time, event, epochs=20)
    >>> losses[-1] < losses[0]
    True
    """
    for number, values in enumerate(inputs):
        if len(values) != len(time) or not bool(torch.isfinite(values).all()):
            raise ValueError(
                f"inputs[{number}] must be finite and one a patient, got shape "
                f"{tuple(values.shape)} for {len(time)} patients and "
                f"{int((~torch.isfinite(values)).sum())} values that are not finite"
            )
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate, weight_decay=weight_decay)
    model.train()
    losses = []
    for epoch in range(epochs):
        optimizer.zero_grad()
        loss = cox_loss(model(*inputs), time, event) / event.sum()
        if not bool(torch.isfinite(loss)):
            raise ValueError(f"the loss is {loss.item()} in epoch {epoch}: lower learning_rate")
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    model.eval()
    return losses


def predict_risk(model: nn.Module, inputs: tuple[torch.Tensor, ...]) -> np.ndarray:
    """Return the risks that a network gives, without gradients.

    Parameters
    ----------
    model : torch.nn.Module
        From `inputs` to risks (N,); its mode is left as it was.
    inputs : tuple of torch.Tensor
        (N, ...) each.

    Returns
    -------
    numpy.ndarray
        float64, (N,): logarithms of hazard ratios.

    Examples
    --------
    >>> predict_risk(CoxNetwork(2), (torch.zeros(3, 2),)).shape
    (3,)
    """
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            return model(*inputs).numpy().astype(np.float64)
    finally:
        for module, mode in modes:
            module.training = mode


def _check(risk, time, event):
    """Raise unless the three belong together."""
    if risk.ndim != 1 or not risk.is_floating_point() or len(risk) == 0:
        raise ValueError(f"risk must be floats (N,), got {risk.dtype} of shape {tuple(risk.shape)}")
    for name, values in (("time", time), ("event", event)):
        if values.shape != risk.shape:
            raise ValueError(f"{name} must be ({len(risk)},), got shape {tuple(values.shape)}")
    if not bool(torch.isfinite(time.double()).all()):
        raise ValueError("time must be finite, got values that are NaN or infinite")
    if not bool(((event == 0) | (event == 1)).all()):
        raise ValueError(f"event must be 0 or 1, got {torch.unique(event)[:5].tolist()}")
    if not bool(event.any()):
        raise ValueError(f"all {len(event)} patients are censored: there is nothing to learn from")
