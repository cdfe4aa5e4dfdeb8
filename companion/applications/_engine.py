"""The glue to pyRadPlan: its warnings, its structures, its optimiser, its grids."""

from __future__ import annotations

import contextlib
import io
import warnings

import numpy as np

#: Kinds of objective, by pyRadPlan's classes and the name of their dose.
KINDS = {
    "deviation": ("SquaredDeviation", "d_ref"),
    "overdose": ("SquaredOverdosing", "d_max"),
    "underdose": ("SquaredUnderdosing", "d_min"),
}


def on_ct(influence, dose):
    """Return a dose by voxel of the dose grid, linearly interpolated, on the grid of the CT."""
    import SimpleITK as sitk

    dij = influence.engine[0]
    image = sitk.GetImageFromArray(dose.astype(np.float64).reshape(influence.grid_shape))
    image.SetOrigin(dij.dose_grid.origin)
    image.SetSpacing(dij.dose_grid.resolution_vector)
    image.SetDirection(dij.dose_grid.direction.ravel())
    resampler = sitk.ResampleImageFilter()
    resampler.SetInterpolator(sitk.sitkLinear)
    resampler.SetOutputOrigin(dij.ct_grid.origin)
    resampler.SetOutputSpacing(dij.ct_grid.resolution_vector)
    resampler.SetOutputDirection(dij.ct_grid.direction.ravel())
    resampler.SetSize([int(n) for n in dij.ct_grid.dimensions])
    return np.maximum(sitk.GetArrayFromImage(resampler.Execute(image)), 0)


def solve(ct, structures, steering, dij, plan, progress):
    """Run the engine's optimiser, with a bar, and return the weights and what scipy says."""
    from pyRadPlan.optimization.problems import get_problem_from_pln
    from pyRadPlan.optimization.solvers import get_solver
    from tqdm.auto import tqdm

    solver = get_solver("scipy")
    solver.options.pop("disp")  # deprecated in scipy
    problem = get_problem_from_pln(plan)
    problem.solver = solver
    with tqdm(desc="Optimiser", unit="step", disable=not progress) as bar:
        solver._callback = lambda _: bar.update()
        return problem.solve(ct, structures, steering, dij)


def engine_structures(phantom, objectives=()):
    """Return the engine's structures with the phantom's outlines and these objectives."""
    import SimpleITK as sitk
    from pyRadPlan.optimization import objectives as kinds

    drawn = []
    for voi in phantom.engine[1].vois:
        mask = sitk.GetImageFromArray(phantom.structures[voi.name].astype(np.uint8))
        mask.CopyInformation(voi.mask)
        asked = [
            getattr(kinds, KINDS[o.kind][0])(priority=o.weight, **{KINDS[o.kind][1]: o.dose_gy})
            for o in objectives
            if o.structure == voi.name
        ]
        drawn.append(voi.model_copy(update={"mask": mask, "objectives": asked}))
    return phantom.engine[1].model_copy(update={"vois": drawn})


@contextlib.contextmanager
def calm(progress=True):
    """Let the engine work without its own warnings, and without its bars if they are not asked."""
    bars = contextlib.nullcontext() if progress else contextlib.redirect_stderr(io.StringIO())
    with warnings.catch_warnings(record=True) as others, bars:
        for module in ("numpydantic", "pydantic", "pyRadPlan"):
            warnings.filterwarnings("ignore", module=module)
        # its rays divide by zero along an axis, and numpy subtracts what comes of it
        warnings.filterwarnings("ignore", "invalid value", RuntimeWarning, r"numpy\.lib\.")
        yield
    for other in others:  # not into the buffer of the bars
        warnings.warn_explicit(other.message, other.category, other.filename, other.lineno)
