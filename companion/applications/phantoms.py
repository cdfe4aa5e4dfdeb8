"""What is treated: a CT and the structures in it, as the planning engine knows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from companion.applications._engine import calm
from companion.applications.contours import check_mask


@dataclass(frozen=True, eq=False)
class Phantom:
    """A CT and the structures in it, for the planning engine.

    Attributes
    ----------
    ct_hu : numpy.ndarray
        float, (D, H, W), Hounsfield units.
    spacing_mm : tuple of float
        Distance of slices, rows and columns.
    structures : dict of str to numpy.ndarray
        By name: bool, (D, H, W).
    target : str
        Which of them is treated.
    engine : tuple
        pyRadPlan's own CT and structures.
    """

    ct_hu: np.ndarray
    spacing_mm: tuple[float, float, float]
    structures: Mapping[str, np.ndarray]
    target: str
    engine: tuple = field(repr=False)

    def redrawn(self, **structures: np.ndarray) -> Phantom:
        """Return the phantom with other outlines of some structures.

        Parameters
        ----------
        **structures : numpy.ndarray
            By name: bool, or 0 and 1, (D, H, W), not empty.

        Returns
        -------
        Phantom
            A new one; this one stays.

        Raises
        ------
        ValueError
            If there is no such structure, or the mask is empty or on another grid.
        """
        drawn = dict(self.structures)
        for name, given in structures.items():
            if name not in drawn:
                raise ValueError(f"{name!r} is not one of the structures {', '.join(drawn)}")
            mask = check_mask(name, given)
            if mask.shape != self.ct_hu.shape or not mask.any():
                raise ValueError(
                    f"{name} must be {self.ct_hu.shape} and not empty, got {mask.shape} with "
                    f"{mask.sum()} voxels"
                )
            drawn[name] = mask
        return replace(self, structures=drawn)


def load_tg119() -> Phantom:
    """Load the C-shaped test of AAPM Task Group 119 as pyRadPlan ships it.

    A target in the shape of a C ("OuterTarget") lies around a core ("Core") that must be spared,
    in a block of water-like slabs ("BODY"). BODY includes the other two.

    Returns
    -------
    Phantom
        129 slices of 167 x 167 voxels, 2.5 x 3 x 3 mm.

    References
    ----------
    G. A. Ezzell et al., "IMRT commissioning: multiple institution planning and dosimetry
    comparisons, a report from AAPM Task Group 119", Medical Physics 36, 5359-5373 (2009),
    doi:10.1118/1.3238104.

    Examples
    --------
    >>> phantom = load_tg119()
    >>> {name: int(mask.sum()) for name, mask in phantom.structures.items()}
    {'Core': 1320, 'OuterTarget': 7458, 'BODY': 601736}
    """
    with calm():
        import pyRadPlan
        import SimpleITK as sitk

        ct, structures = pyRadPlan.load_tg119()
        masks = {v.name: sitk.GetArrayFromImage(v.mask).astype(bool) for v in structures.vois}
        return Phantom(
            sitk.GetArrayFromImage(ct.cube_hu), ct.cube_hu.GetSpacing()[::-1], masks,
            "OuterTarget", (ct, structures),
        )  # fmt: skip
