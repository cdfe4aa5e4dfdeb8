"""The companion package of the book *Deep learning for medical image recognition*.

It has wings, each imported by name: ``from companion.data.pneumonia import load_pneumonia``.
Importing the package itself loads no framework.
"""

__version__ = "0.1.0"
