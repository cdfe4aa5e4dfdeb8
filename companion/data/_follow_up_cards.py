"""Cards of the data sets with follow-up, for :mod:`companion.data.cards`: the parts of each."""

from __future__ import annotations

FOLLOW_UP = {
    "breast_mri": {
        "name": "I-SPY 1 / ACRIN 6657, clinical and outcome table",
        "source": (
            "The Cancer Imaging Archive, collection ISPY1 (doi:10.7937/K9/TCIA.2016.HdHpgJLK); "
            "Hylton et al. 2016 (doi:10.1148/radiol.2015150013)."
        ),
        "licence": "CC BY 3.0.",
        "made": (
            "Women with breast cancer of at least 3 cm, enrolled from 2002 to 2006, had drugs "
            "before surgery and MR at four visits. The greatest length of the tumour was read from "
            "each MR. Follow-up was extracted on one day in 2009. The MR images themselves are "
            "not used here."
        ),
        "faults": (
            "Visits and surgery have no dates: whether something was known on a given day can "
            "only be concluded from the protocol.",
            "Seventeen women have a recurrence-free time that is longer than their survival time: "
            "the two were counted from different days, or updated at different times.",
            "Two women have race code 0, which the dictionary does not explain.",
            "Response and residual burden are known only for who came to surgery.",
            "Most follow-ups end on the day of the extract: who entered late was followed less.",
        ),
        "missing": (
            "Thirty-five women lack the diameter of at least one visit.",
            "Treatment after surgery, lymph nodes and grade are not in the table.",
            "Women with tumours below 3 cm, men, and everybody outside the hospitals of one trial.",
        ),
    },
    "hannover": {
        "name": "COVID-19 Image Repository, Hannover",
        "source": "Hannover Medical School, Winther et al. (doi:10.25835/0090041).",
        "licence": "CC BY 3.0.",
        "made": (
            "243 chest X-rays of 71 patients, with days of admission, intensive care and death, "
            "and laboratory values of about the day of the film, rounded. The films at hand were "
            "scaled down to 256 x 256."
        ),
        "faults": (
            "Many laboratory values were measured after the film: the day of each is given.",
            "Two patients have 22 films each: films are no independent patients.",
            "Values below and above what can be measured stand as minus and plus infinity.",
            "When follow-up ended is not given: who was never in intensive care may have been "
            "there elsewhere, or later.",
            "The unit of the blood gases is not in the publisher's list; mmHg is assumed.",
        ),
        "missing": (
            "Age, size and weight are redacted.",
            "Five deaths only: no model of survival can be judged on it.",
            "One hospital, the first year of the pandemic.",
        ),
    },
    "wpbc": {
        "name": "Breast Cancer Wisconsin (Prognostic)",
        "source": (
            "UCI Machine Learning Repository (doi:10.24432/C5GK50); Street, Mangasarian and "
            "Wolberg 1995."
        ),
        "licence": "CC BY 4.0, by the repository's terms.",
        "made": (
            "Consecutive patients of one surgeon from 1984 on, with invasive cancer and no "
            "distant metastasis. Nuclei in an image of a fine needle aspirate were outlined with "
            "a computer, and thirty features measured."
        ),
        "faults": (
            "Radius, perimeter and area are nearly one measure, three times each.",
            "Four women lack the count of lymph nodes.",
            "The size of the tumour and the nodes are known after surgery only.",
            "Follow-up is in months, while other tables count days.",
        ),
        "missing": (
            "Receptors, grade, treatment and age.",
            "One surgeon's patients; the images are not in the table.",
        ),
    },
}
