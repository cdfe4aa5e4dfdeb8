"""The companion package of the book *Deep learning for medical image recognition*.

Each module stands alone and is imported by name: ``from companion.datasets import load_pneumonia``.
Importing the package itself loads no framework.
"""

__version__ = "0.1.0"
